import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Endpoint,
  event,
  Group,
  NatsServiceFactory,
  Service,
  unchecked,
  type Logger,
  type RequestContext,
} from '@natsmith/core';
import { PermissionError, ServiceClient } from '@natsmith/client';
import {
  bucket,
  Consume,
  eventStream,
  JetStreamPublisher,
  key,
  KeyValueStore,
  Reject,
  Watch,
} from '@natsmith/jetstream';
import { NatsServer } from '@natsmith/testing';
import { connect } from 'nats';
import { Log } from '#test/log';
import { describeWithNatsServer } from '#test/matrix';
import { until } from '#test/until';

const PAGE = readFileSync(join(__dirname, '../../docs/guide/permissions.md'), 'utf8');
const [CONFIG = '', JETSTREAM_CONFIG = ''] = [...PAGE.matchAll(/```conf\n([\s\S]*?)```/g)].map(([, config]) => config);

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

const OrderPlaced = event('orders.{id}.placed', unchecked<{ quantity: number }>());
const Orders = eventStream('ORDERS', { events: [OrderPlaced], storage: 'memory' });
const LimitOf = key('limits.{name}', unchecked<number>());
const Config = bucket('config', { keys: [LimitOf], storage: 'memory' });
const seen: unknown[] = [];

@Service({ name: 'mailer', version: '1.0.0' })
class Mailer {
  @Consume(Orders, OrderPlaced) placed({ quantity }: { quantity: number }): void {
    seen.push(quantity);
    if (quantity < 0) throw new Reject('negative');
  }

  @Watch(Config, LimitOf) limit(limit: number | undefined): void {
    seen.push(`limit ${limit}`);
  }
}

describeWithNatsServer(
  'the permissions of the guide for JetStream',
  () => {
    it('are enough for consumers, dead letters, watches and publishers', async () => {
      await using server = await NatsServer.start({ jetstream: true, config: JETSTREAM_CONFIG });
      const as = (user: string, pass: string, more = {}) => ({ servers: server.url, user, pass, ...more });
      const first = await NatsServiceFactory.create(Mailer, { connection: as('admin', 'a'), logger: false });
      await first.stop();

      const log = new Log(false);
      await using _host = await NatsServiceFactory.create(Mailer, {
        connection: as('mailer', 'm', { inboxPrefix: '_MAILER' }),
        provision: 'off',
        signals: false,
        logger: log,
      });
      const shop = await connect(as('shop', 's', { inboxPrefix: '_SHOP' }));
      const publisher = new JetStreamPublisher(shop);
      const limits = new KeyValueStore(shop, Config);
      await limits.put(LimitOf, 3, { params: { name: 'a' } });
      expect(await limits.get(LimitOf, { params: { name: 'a' } })).toBe(3);
      await publisher.publish(OrderPlaced, { quantity: 1 }, { params: { id: '1' } });
      await publisher.publish(OrderPlaced, { quantity: -1 }, { params: { id: '2' } });
      const admin = await connect(as('admin', 'a'));
      const manager = await admin.jetstreamManager();
      await until(async () => (await manager.streams.info('DEAD_LETTERS')).state.messages === 1);
      await until(async () => (await manager.consumers.info('ORDERS', 'mailer-placed')).num_ack_pending === 0);
      await until(() => seen.length === 3);
      expect(seen.map(String).sort()).toEqual(['-1', '1', 'limit 3']);
      expect(log.find('error', /permit/)).toEqual([]);
      await Promise.all([shop.close(), admin.close()]);
    });
  },
  '2.10.0',
);
