import { Endpoint, Group, Service, ServiceError, type RunningService } from '@natsmith/core';
import { type InfoResponse, type PingResponse, type StatsResponse } from '@natsmith/protocol';
import { IsNumber } from 'class-validator';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { gather } from '#test/replies';
import { schemaViolations } from './schemas';

const VERBS = ['PING', 'INFO', 'STATS'] as const;

class Operands {
  @IsNumber() a: number;
  @IsNumber() b: number;
}

const serviceMetadata = { region: 'eu', team: 'Größe & co' };
const endpointMetadata = { cost: 'low' };

@Service({ name: 'Calc_1', version: '1.2.3-rc.1+b5', description: 'Arithmetic', metadata: serviceMetadata })
@Group('Math')
class Calculator {
  @Endpoint({ metadata: endpointMetadata })
  add({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint({ queueGroup: false })
  fail(): void {
    throw new ServiceError(418, 'short and stout');
  }
}

@Service({ name: 'plain', version: '0.0.1' })
class Plain {
  @Endpoint()
  ping(): string {
    return 'pong';
  }
}

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  let nc: Connection;

  async function start(target: typeof Calculator | typeof Plain = Calculator): Promise<RunningService> {
    const { service } = await hosts.start(target, { connection: await client.connect() });
    return service;
  }
  const ask = async <T>(subject: string, body?: string | Uint8Array): Promise<T> =>
    (await nc.request(subject, body, { timeout: 2000 })).json<T>();
  const stats = (service: RunningService) => ask<StatsResponse>(`$SRV.STATS.${service.name}.${service.id}`);

  beforeEach(async () => {
    nc = await client.connect();
  });

  describe('control subjects', () => {
    it.each(VERBS)('%s is answered for all services, for the name and for the id', async (verb) => {
      const { name, id } = await start();
      const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
      for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`])
        expect(await ask(subject)).toMatchObject({ type, name: 'Calc_1', id, version: '1.2.3-rc.1+b5' });
    });

    it('are nine plain subscriptions, never in a queue group', async () => {
      const connection = await client.connect();
      const subscribe = jest.spyOn(connection, 'subscribe');
      const { service } = await hosts.start(Calculator, { connection });
      const control = subscribe.mock.calls.filter(([subject]) => subject.startsWith('$SRV'));
      const levels = ['', '.Calc_1', `.Calc_1.${service.id}`];
      expect(control.map(([subject]) => subject).sort()).toEqual(
        VERBS.flatMap((verb) => levels.map((level) => `$SRV.${verb}${level}`)).sort(),
      );
      for (const [, options] of control) expect(options?.queue).toBeUndefined();
    });

    it('reach every instance', async () => {
      const services = [await start(), await start(), await start(Plain)];
      for (const verb of VERBS) {
        const all = await gather(nc, `$SRV.${verb}`, 3);
        expect(all.map((reply) => reply.json<PingResponse>().id).sort()).toEqual(services.map(({ id }) => id).sort());
        expect(await gather(nc, `$SRV.${verb}.Calc_1`, 2)).toHaveLength(2);
        expect(await gather(nc, `$SRV.${verb}.plain`, 1)).toHaveLength(1);
      }
    });

    it.each([
      ['an unknown verb', () => '$SRV.SCHEMA'],
      ['a verb in the wrong case', () => '$SRV.ping'],
      ['an unknown name', () => '$SRV.PING.nobody'],
      ['a name in the wrong case', () => '$SRV.PING.calc_1'],
      ['an unknown id', () => '$SRV.PING.Calc_1.AAAAAAAAAAAAAAAAAAAAAA'],
      ['an id in the wrong case', (id: string) => `$SRV.PING.Calc_1.${swapCase(id)}`],
      ['the id of another service', (id: string) => `$SRV.PING.plain.${id}`],
      ['a token too many', (id: string) => `$SRV.PING.Calc_1.${id}.x`],
    ])('have no responders for %s', async (_what, subject) => {
      const { id } = await start();
      await start(Plain);
      await expect(nc.request(subject(id), '', { timeout: 2000 })).rejects.toThrow(/503|no responders/i);
    });
  });

  describe('requests', () => {
    it.each([
      ['nothing', undefined],
      ['an empty object', '{}'],
      ['junk', '{"a":\u0000\uFFFD]]'],
      ['bytes that are not UTF-8', new Uint8Array([0xff, 0xfe, 0x00])],
      ['500 KB', new Uint8Array(500_000).fill(0x7b)],
    ])('are answered whatever they hold: %s', async (_what, body) => {
      const { id } = await start();
      for (const verb of VERBS) expect(await ask(`$SRV.${verb}`, body)).toMatchObject({ id });
    });

    it('are answered whatever their headers say', async () => {
      const { id } = await start();
      const headers = client.headers();
      headers.set('Natsmith-Timeout', '0');
      headers.set('Nats-Service-Error-Code', '500');
      for (const verb of VERBS) {
        const reply = await nc.request(`$SRV.${verb}`, '', { timeout: 2000, headers });
        expect(reply.json()).toMatchObject({ id });
      }
    });

    it('without a reply subject are ignored', async () => {
      const log = new Log();
      const { service } = await hosts.start(Calculator, { connection: await client.connect(), logger: log });
      for (const verb of VERBS) nc.publish(`$SRV.${verb}`);
      await nc.flush();
      expect(await ask('$SRV.PING')).toMatchObject({ id: service.id });
      expect([...log.find('warn', /./), ...log.find('error', /./)]).toEqual([]);
    });

    it('are not counted', async () => {
      const service = await start();
      for (const verb of VERBS) await ask(`$SRV.${verb}`);
      for (const endpoint of (await stats(service)).endpoints) expect(endpoint.num_requests).toBe(0);
    });

    it('are answered while handlers are at work and requests wait', async () => {
      let open!: () => void;
      const gate = new Promise<void>((resolve) => (open = resolve));
      @Service({ name: 'slow', version: '1.0.0', concurrency: 1 })
      class Slow {
        @Endpoint()
        wait(): Promise<void> {
          return gate;
        }
      }
      await hosts.start(Slow, { connection: await client.connect() });
      const replies = [1, 2].map(() => nc.request('wait', '', { timeout: 50_000 }));
      for (const verb of VERBS) await ask(`$SRV.${verb}.slow`);
      open();
      await Promise.all(replies);
    });
  });

  describe('replies', () => {
    it.each(VERBS)('to %s have no headers and are valid by the schema of NATS tools', async (verb) => {
      await start();
      await start(Plain);
      await nc.request('Math.fail', '', { timeout: 2000 });
      for (const reply of await gather(nc, `$SRV.${verb}`, 2)) {
        expect(reply.headers).toBeUndefined();
        expect(schemaViolations(verb, reply.json())).toEqual([]);
      }
    });

    it('to PING hold the common fields and nothing else', async () => {
      const { id } = await start();
      const common = { name: 'Calc_1', id, version: '1.2.3-rc.1+b5', metadata: serviceMetadata };
      expect(await ask('$SRV.PING')).toEqual({ type: 'io.nats.micro.v1.ping_response', ...common });
    });

    it('to INFO describe the service and its endpoints', async () => {
      const { id } = await start();
      expect(await ask('$SRV.INFO')).toEqual({
        type: 'io.nats.micro.v1.info_response',
        name: 'Calc_1',
        id,
        version: '1.2.3-rc.1+b5',
        metadata: serviceMetadata,
        description: 'Arithmetic',
        endpoints: [
          {
            name: 'add',
            subject: 'Math.add',
            queue_group: 'q',
            metadata: {
              cost: 'low',
              request_schema: expect.any(String) as string,
              response_schema: expect.any(String) as string,
            },
          },
          { name: 'fail', subject: 'Math.fail', queue_group: '', metadata: {} },
        ],
      });
    });

    it('show what was not set as empty: description "", metadata {}', async () => {
      await start(Plain);
      expect(await ask('$SRV.INFO')).toMatchObject({ description: '', metadata: {} });
      expect(await ask<PingResponse>('$SRV.PING')).toHaveProperty('metadata', {});
      expect(await ask<StatsResponse>('$SRV.STATS')).toHaveProperty('metadata', {});
    });

    it('to STATS hold every counter from the start, and no "data" without a stats handler', async () => {
      const service = await start();
      const { endpoints } = await stats(service);
      const zero = { num_requests: 0, num_errors: 0, last_error: '', processing_time: 0, average_processing_time: 0 };
      expect(endpoints).toEqual([
        { name: 'add', subject: 'Math.add', queue_group: 'q', ...zero },
        { name: 'fail', subject: 'Math.fail', queue_group: '', ...zero },
      ]);
    });

    it('are the same over the wire and from the running service', async () => {
      const service = await start();
      expect(await ask('$SRV.PING')).toEqual(service.ping());
      expect(await ask('$SRV.INFO')).toEqual(service.info());
      const stats = await service.stats();
      // What natsmith measures besides stays in the process: STATS is as ADR-32 has it.
      const endpoints = stats.endpoints.map(({ kind: _kind, measures: _measures, gauges: _gauges, ...wire }) => wire);
      expect(await ask('$SRV.STATS')).toEqual({ ...stats, endpoints });
    });

    it('keep the metadata that was given, whatever happens to the objects afterwards', async () => {
      const metadata: Record<string, string> = { a: '1' };
      const ofEndpoint: Record<string, string> = { b: '2' };
      @Service({ name: 'fixed', version: '1.0.0', metadata })
      class Fixed {
        @Endpoint({ metadata: ofEndpoint })
        x(): void {}
      }
      const { service } = await hosts.start(Fixed, { connection: await client.connect() });
      metadata.a = 'changed';
      ofEndpoint.b = 'changed';
      service.ping().metadata.a = 'changed';
      const shown = service.info();
      shown.metadata.a = 'changed';
      shown.endpoints[0]!.metadata.b = 'changed';
      (await service.stats()).metadata.a = 'changed';
      for (const verb of VERBS) expect(await ask(`$SRV.${verb}`)).toHaveProperty('metadata', { a: '1' });
      expect((await ask<InfoResponse>('$SRV.INFO')).endpoints[0]?.metadata).toEqual({ b: '2' });
    });
  });

  describe('ids', () => {
    it('are 22 characters and unique per instance', async () => {
      const ids = await Promise.all([start(), start(), start(Plain)]).then((all) => all.map(({ id }) => id));
      for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{22}$/);
      expect(new Set(ids).size).toBe(3);
    });
  });

  describe('counters', () => {
    it('count every request: successes, failures and those that want no reply', async () => {
      const service = await start();
      await nc.request('Math.add', '{"a":1,"b":2}', { timeout: 2000 });
      await nc.request('Math.add', '{"a":"one"}', { timeout: 2000 });
      await nc.request('Math.add', 'no json', { timeout: 2000 });
      nc.publish('Math.add', '{"a":1,"b":2}');
      nc.publish('Math.add', 'no json');
      await nc.request('Math.add', '{"a":1,"b":2}', { timeout: 2000 });
      expect((await stats(service)).endpoints[0]).toMatchObject({ num_requests: 6, num_errors: 3 });
    });

    it('keep the last error as <code>:<description>, through later successes', async () => {
      const service = await start();
      await nc.request('Math.add', '{"a":"one"}', { timeout: 2000 });
      await nc.request('Math.add', 'no json', { timeout: 2000 });
      await nc.request('Math.add', '{"a":1,"b":2}', { timeout: 2000 });
      await nc.request('Math.fail', '', { timeout: 2000 });
      const { endpoints } = await stats(service);
      expect(endpoints[0]?.last_error).toBe('400:body is not valid JSON');
      expect(endpoints[1]?.last_error).toBe('418:short and stout');
    });

    it('are whole nanoseconds, the average rounded down', async () => {
      const service = await start();
      for (let i = 0; i < 7; i++) await nc.request('Math.add', '{"a":1,"b":2}', { timeout: 2000 });
      const [add] = (await stats(service)).endpoints;
      expect(add?.processing_time).toBeGreaterThan(0);
      expect(Number.isInteger(add?.processing_time)).toBe(true);
      expect(add?.average_processing_time).toBe(Math.floor(add!.processing_time / 7));
    });

    it('start again at reset, which renews "started" and keeps the rest', async () => {
      const service = await start();
      const before = await stats(service);
      await nc.request('Math.fail', '', { timeout: 2000 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      service.reset();
      const after = await stats(service);
      expect(Date.parse(after.started)).toBeGreaterThan(Date.parse(before.started));
      expect({ ...after, started: before.started }).toEqual(before);
    });
  });

  it('"started" is the time of the start in UTC (RFC 3339)', async () => {
    const before = Date.now();
    const { started } = await stats(await start());
    expect(started).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(Date.parse(started)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(started)).toBeLessThanOrEqual(Date.now());
  });
});

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}
