import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, Group, NatsServiceFactory, Service, type Logger, type RequestContext } from '@natsmith/core';
import { PermissionError, ServiceClient } from '@natsmith/client';
import { NatsServer } from '@natsmith/testing';
import { connect } from 'nats';
import { describeWithNatsServer } from '#test/matrix';

const PAGE = readFileSync(join(__dirname, '../../docs/guide/permissions.md'), 'utf8');
const CONFIG = /```conf\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';

let wasCancelled = false;

@Service({ name: 'calc', version: '1.0.0' })
@Group('math')
class Calc {
  @Endpoint({ request: 'unchecked' })
  add({ a, b }: { a: number; b: number }): number {
    return a + b;
  }

  @Endpoint()
  async *count(): AsyncIterable<number> {
    for (let i = 1; i <= 1000; i++) yield await Promise.resolve(i);
  }

  @Endpoint()
  big(): string {
    return 'x'.repeat(3_000_000);
  }

  @Endpoint({ request: 'unchecked' })
  async wait(_: unknown, ctx: RequestContext): Promise<void> {
    ctx.signal.addEventListener('abort', () => (wasCancelled = true));
    await delay(5000, undefined, { signal: ctx.signal, ref: false }).catch(() => undefined);
  }
}

describeWithNatsServer('the permissions of the guide', () => {
  const refusals: string[] = [];
  const nothing = (): void => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (_, message) => refusals.push(message),
  };
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start({ config: CONFIG });
  });
  afterAll(() => server.stop());
  beforeEach(() => refusals.splice(0));
  const options = (user: string, pass: string, inboxPrefix?: string) => ({
    servers: server.url,
    user,
    pass,
    ...(inboxPrefix && { inboxPrefix }),
  });

  it('are enough for calls, discovery, streams, large bodies and cancellation, and for nothing else', async () => {
    await using _host = await NatsServiceFactory.create(Calc, {
      connection: options('service', 's', '_SVC'),
      inboxes: ['_CL'],
      logger,
      signals: false,
    });
    await using client = new ServiceClient(await connect(options('client', 'c', '_CL')), { inboxes: ['_SVC'] });
    const calc = await client.service<Calc>('calc');
    expect(await calc.add({ a: 1, b: 2 })).toBe(3);
    expect(await calc.big()).toHaveLength(3_000_000);
    let items = 0;
    for await (const _ of client.stream('math.count')) items++;
    expect(items).toBe(1000);
    const leaving = new AbortController();
    const waiting = client.call('math.wait', undefined, { signal: leaving.signal });
    await delay(50);
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    while (!wasCancelled) await delay(10);

    expect(refusals).toEqual([]);
    await expect(client.call('other')).rejects.toThrow(PermissionError);
    await expect(client.ping()).rejects.toMatchObject({ operation: 'publish', subject: '$SRV.PING' });
    await client.connection.close();
  });

  it('allow_responses is enough for plain endpoints', async () => {
    await using _host = await NatsServiceFactory.create(Calc, {
      connection: options('plain', 'p'),
      inboxes: ['_CL'],
      logger,
      signals: false,
    });
    await using client = new ServiceClient(await connect(options('client', 'c', '_CL')), { inboxes: ['_SVC'] });
    expect(await (await client.service<Calc>('calc')).add({ a: 1, b: 2 })).toBe(3);
    expect(refusals).toEqual([]);
    await client.connection.close();
  });
});
