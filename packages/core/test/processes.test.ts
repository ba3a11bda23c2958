import { join } from 'node:path';
import { type InfoResponse, type PingResponse, type StatsResponse } from '@natsmith/protocol';
import { startServer, type TestServer } from '@natsmith/testing';
import { connect, type NatsConnection } from 'nats';
import { type Connection } from '#test/connection';
import { describeWithNatsServer } from '#test/matrix';
import { Child } from '#test/child';
import { underLoad } from '#test/load';
import { gather } from '#test/replies';
import { schemaViolations } from './schemas';

const PROCESSES = 5;

describeWithNatsServer('five processes of one service', () => {
  let server: TestServer;
  let nc: NatsConnection;
  let children: Child[];

  beforeAll(async () => {
    server = await startServer('nats-server');
    nc = await connect({ servers: server.url });
    children = Array.from({ length: PROCESSES }, () =>
      Child.start(join(__dirname, 'processes/worker.ts'), { NATS_URL: server.url }),
    );
    await Promise.all(children.map((child) => child.wrote('ready', { timeout: 30_000 })));
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => child.exit));
    await nc.close();
    await server.stop();
  });

  async function gathered<T>(subject: string, expected = PROCESSES): Promise<T[]> {
    return (await gather(nc as Connection, subject, expected)).map((reply) => reply.json<T>());
  }
  const requestsOf = (all: StatsResponse[], endpoint: string) =>
    all.map(({ endpoints }) => endpoints.find(({ name }) => name === endpoint)!);

  it.each(['PING', 'INFO', 'STATS'] as const)(
    'each answers $SRV.%s, valid by the schema of NATS tools',
    async (verb) => {
      for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.worker`]) {
        const replies = await gathered<PingResponse>(subject);
        expect(replies).toHaveLength(PROCESSES);
        expect(replies.flatMap((reply) => schemaViolations(verb, reply))).toEqual([]);
        expect(new Set(replies.map(({ id }) => id)).size).toBe(PROCESSES);
      }
    },
  );

  it('each answers alone to its own id', async () => {
    for (const { id } of await gathered<InfoResponse>('$SRV.INFO.worker'))
      expect((await gathered<PingResponse>(`$SRV.PING.worker.${id}`, 1)).map((reply) => reply.id)).toEqual([id]);
  });

  it('are the same but for their ids', async () => {
    const [first, ...others] = await gathered<InfoResponse>('$SRV.INFO.worker');
    for (const other of others) expect({ ...other, id: first!.id }).toEqual(first);
  });

  it('share the work: one reply to each request, and statistics that add up', async () => {
    expect(await gathered<number>('whoami', 1)).toHaveLength(1);
    const before = await gathered<StatsResponse>('$SRV.STATS.worker');
    const pids = await Promise.all(
      Array.from({ length: 500 }, async () => (await nc.request('whoami', '', { timeout: 10_000 })).json<number>()),
    );
    await Promise.all(Array.from({ length: 50 }, () => nc.request('fail', '', { timeout: 10_000 })));
    for (let i = 0; i < 50; i++) nc.publish('fail');
    await nc.flush();
    const sum = (all: StatsResponse[], endpoint: string) =>
      requestsOf(all, endpoint).reduce((total, { num_requests }) => total + num_requests, 0);
    let after = await gathered<StatsResponse>('$SRV.STATS.worker');
    // Nobody tells when a request without a reply subject has been worked off.
    for (let i = 0; i < 20 && sum(after, 'fail') < 100; i++) after = await gathered<StatsResponse>('$SRV.STATS.worker');

    expect(new Set(pids)).toEqual(new Set(children.map(({ pid }) => pid)));
    expect(sum(after, 'whoami') - sum(before, 'whoami')).toBe(500);
    expect(sum(after, 'fail')).toBe(100);
    for (const { num_requests, num_errors, last_error } of requestsOf(after, 'fail')) {
      expect(num_errors).toBe(num_requests);
      expect(last_error).toBe(num_requests > 0 ? '500:internal error' : '');
    }
    for (const { num_requests, processing_time, average_processing_time } of requestsOf(after, 'whoami'))
      expect(average_processing_time).toBe(num_requests > 0 ? Math.floor(processing_time / num_requests) : 0);
  });

  it('that end one after the other under load lose no request', async () => {
    let answered = 0;
    const load = underLoad(nc, 'whoami', () => answered++);
    for (const child of children.slice(1)) {
      child.kill('SIGTERM');
      expect(await child.exit).toEqual({ code: 0, signal: null });
      const left = PROCESSES - children.indexOf(child);
      expect(await gathered('$SRV.PING.worker', left)).toHaveLength(left);
    }
    expect(await load.end()).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  });
});
