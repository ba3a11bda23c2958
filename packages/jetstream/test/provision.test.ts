import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { event, unchecked } from '@natsmith/protocol';
import type { Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { connect, type NatsConnection } from 'nats';
import { diffStreams, ensureStreams, eventStream, JetStreamPublisher, ProvisionError } from '../src';

const OrderPlaced = event('orders.{id}.placed', unchecked<number>());
const OrderShipped = event('orders.{id}.shipped', unchecked<number>());
const Orders = eventStream('ORDERS', { events: [OrderPlaced], storage: 'memory', maxAge: '1h', maxMessages: 100 });

interface Config {
  subjects: string[];
  max_age: number;
  max_msgs: number;
  max_bytes: number;
  storage: string;
  allow_msg_schedules?: boolean;
  allow_msg_ttl?: boolean;
  metadata?: Record<string, string>;
}

const users = [
  { user: 'admin', pass: 'secret' },
  {
    user: 'reader',
    pass: 'secret',
    permissions: { publish: { deny: ['$JS.API.STREAM.CREATE.>', '$JS.API.STREAM.UPDATE.>'] } },
  },
  { user: 'blind', pass: 'secret', permissions: { publish: { deny: ['$JS.API.>'] } } },
];

onEachServerAndClient(
  (_server, client) => {
    let connection: Connection;
    const as = (user: string): Promise<Connection> => client.connect({ user, pass: 'secret' });
    const api = async <T>(name: string, body?: object): Promise<T> =>
      (await connection.request(`$JS.API.${name}`, body && JSON.stringify(body), { timeout: 2_000 })).json<T>();
    const config = async (): Promise<Config | undefined> =>
      (await api<{ config?: Config }>('STREAM.INFO.ORDERS')).config;
    const make = (options: object) =>
      api('STREAM.CREATE.ORDERS', { name: 'ORDERS', storage: 'memory', subjects: ['orders.*.placed'], ...options });

    beforeEach(async () => {
      connection = await as('admin');
      await api('STREAM.DELETE.ORDERS');
      await api('STREAM.DELETE.OTHER');
    });

    it.each([
      [[Orders], { prun: true }, 'ensureStreams() has an unknown option "prun"; did you mean "prune"?'],
      [[Orders], { provision: 'never' }, '"provision" that must be "ensure", "verify" or "off", got "never"'],
      [[Orders], null, 'ensureStreams() has null in the place of its options'],
      [[undefined], {}, 'ensureStreams() was given undefined in the place of a stream or bucket; is one used before'],
    ])('given %j and %j is refused', async (streams, options, message) => {
      await expect(ensureStreams(connection, streams as never, options as never)).rejects.toThrow(message);
    });

    it('creates a stream that is missing, with what ttl and at need, and says that natsmith made it', async () => {
      expect(await ensureStreams(connection, [Orders])).toEqual([
        {
          stream: 'ORDERS',
          outcome: 'created',
          changed: [expect.objectContaining({ field: 'stream', kind: 'create' })],
          left: [],
        },
      ]);
      expect(await config()).toMatchObject({
        subjects: ['orders.*.placed', '_at.ORDERS.>'],
        max_age: 3_600_000_000_000,
        max_msgs: 100,
        storage: 'memory',
        allow_msg_schedules: true,
        allow_msg_ttl: true,
        metadata: { 'natsmith.made': 'true' },
      });
      await new JetStreamPublisher(connection).publish(OrderPlaced, 1, {
        params: { id: 1 },
        at: new Date(Date.now() + 60_000),
        ttl: '10s',
      });
    });

    it('leaves a stream alone that is as it should be', async () => {
      await ensureStreams(connection, [Orders]);
      expect(await ensureStreams(connection, [Orders])).toMatchObject([{ outcome: 'unchanged', left: [] }]);
      expect(await diffStreams(connection, [Orders])).toEqual([]);
      expect(await ensureStreams(connection, [Orders], { provision: 'verify' })).toMatchObject([{ left: [] }]);
    });

    it('adds subjects and raises limits, and keeps what others have set', async () => {
      await make({ max_age: 60_000_000_000, duplicate_window: 60_000_000_000, max_msgs: 5, max_bytes: 1_000 });
      const wider = eventStream('ORDERS', { events: [OrderPlaced, OrderShipped], maxAge: '1h', maxMessages: 100 });
      const [report] = await ensureStreams(connection, [wider]);
      expect(report?.changed.map(({ field, found, wanted }) => [field, found, wanted])).toEqual([
        ['subjects', 'orders.*.placed', 'orders.*.placed, orders.*.shipped'],
        ['maxAge', '1m', '1h'],
        ['maxMessages', '5', '100'],
        ['ttl', 'not allowed', 'allowed'],
        ['schedules', 'not allowed', '_at.ORDERS.>'],
      ]);
      expect(await config()).toMatchObject({
        subjects: ['orders.*.placed', 'orders.*.shipped', '_at.ORDERS.>'],
        max_age: 3_600_000_000_000,
        max_msgs: 100,
        max_bytes: 1_000,
      });
    });

    it('replaces subjects by a wider one', async () => {
      await make({ subjects: ['orders.*.placed', 'bills.*'] });
      await ensureStreams(connection, [eventStream('ORDERS', { subjects: ['orders.>'] })]);
      expect((await config())?.subjects.sort()).toEqual(['_at.ORDERS.>', 'bills.*', 'orders.>']);
    });

    it('never shrinks unasked, and shrinks where it is asked to', async () => {
      await make({ subjects: ['orders.>'], max_msgs: 1_000 });
      const [report] = await ensureStreams(connection, [Orders]);
      expect(report?.left).toEqual([
        { stream: 'ORDERS', field: 'subjects', wanted: 'orders.*.placed', found: 'also orders.>', kind: 'shrink' },
        { stream: 'ORDERS', field: 'maxAge', wanted: '1h', found: 'unlimited', kind: 'shrink' },
        { stream: 'ORDERS', field: 'maxMessages', wanted: '100', found: '1000', kind: 'shrink' },
      ]);
      expect(await config()).toMatchObject({ subjects: ['orders.>', '_at.ORDERS.>'], max_age: 0, max_msgs: 1_000 });
      await ensureStreams(connection, [Orders], { prune: true });
      expect(await config()).toMatchObject({
        subjects: ['orders.*.placed', '_at.ORDERS.>'],
        max_age: 3_600_000_000_000,
        max_msgs: 100,
      });
      expect(await diffStreams(connection, [Orders])).toEqual([]);
    });

    it('refuses what cannot be changed in place, and says what to do', async () => {
      await make({ storage: 'file', retention: 'workqueue' });
      const strict = eventStream('ORDERS', { events: [OrderPlaced], storage: 'memory', retention: 'limits' });
      const refusing = ensureStreams(connection, [strict]);
      await expect(refusing).rejects.toBeInstanceOf(ProvisionError);
      await expect(refusing).rejects.toThrow(
        /stream "ORDERS": retention is workqueue, and the contract says limits; the server cannot change that in place: copy/,
      );
      await expect(refusing).rejects.toMatchObject({
        differences: [
          { field: 'retention', kind: 'fixed' },
          { field: 'storage', found: 'file', wanted: 'memory', kind: 'fixed' },
        ],
      });
    });

    it('verify refuses each difference, and changes nothing', async () => {
      const missing = ensureStreams(connection, [Orders], { provision: 'verify' });
      await expect(missing).rejects.toThrow(
        /stream "ORDERS" does not exist; let a service or "natsmith streams ensure"/,
      );
      await make({ max_age: 60_000_000_000, duplicate_window: 60_000_000_000, max_msgs: 1_000 });
      const differing = ensureStreams(connection, [Orders], { provision: 'verify' });
      await expect(differing).rejects.toMatchObject({
        problems: [
          expect.stringMatching(/maxAge is 1m, and the contract says 1h; let a service/),
          expect.stringMatching(/maxMessages is 1000, and the contract says 100; .*--prune/),
        ],
      });
      expect(await config()).toMatchObject({ subjects: ['orders.*.placed'], max_msgs: 1_000 });
    });

    it('verify takes a stream that stores more, and lacks only what at and ttl need', async () => {
      await make({ subjects: ['orders.>'], max_age: 3_600_000_000_000, max_msgs: 100 });
      expect(await ensureStreams(connection, [Orders], { provision: 'verify' })).toMatchObject([
        { outcome: 'unchanged', left: [{ field: 'subjects' }, { field: 'ttl' }, { field: 'schedules' }] },
      ]);
    });

    it('off asks for nothing', async () => {
      expect(await ensureStreams(await as('blind'), [Orders], { provision: 'off' })).toEqual([]);
    });

    it('names the stream that has a subject already', async () => {
      await api('STREAM.CREATE.OTHER', { name: 'OTHER', storage: 'memory', subjects: ['orders.>'] });
      await expect(ensureStreams(connection, [Orders])).rejects.toThrow(
        /stream "ORDERS" cannot be created: subjects overlap .*\("OTHER"\) \(10065\)/,
      );
    });

    describe('without the right to change streams', () => {
      it('takes a stream that is as it should be', async () => {
        await make({ max_age: 3_600_000_000_000, max_msgs: 100 });
        expect(await ensureStreams(await as('reader'), [Orders])).toMatchObject([{ outcome: 'unchanged' }]);
      });

      it('refuses one that differs, at once', async () => {
        await make({ max_age: 60_000_000_000, duplicate_window: 60_000_000_000, max_msgs: 100 });
        const ensuring = ensureStreams(await as('reader'), [Orders]);
        await expect(ensuring).rejects.toThrow(
          /maxAge is 1m, and the contract says 1h \(this user may not update it: \$JS\.API\.STREAM\.UPDATE\.ORDERS\)/,
        );
      });

      it('refuses one that is missing, at once', async () => {
        await expect(ensureStreams(await as('reader'), [Orders])).rejects.toThrow(
          /stream "ORDERS" cannot be created: this user may not publish to \$JS\.API\.STREAM\.CREATE\.ORDERS; grant that/,
        );
      });
    });

    it('without the right to look, goes on; verify refuses', async () => {
      const blind = await as('blind');
      expect(await ensureStreams(blind, [Orders])).toMatchObject([{ outcome: 'unchanged' }]);
      await expect(ensureStreams(blind, [Orders], { provision: 'verify' })).rejects.toThrow(/may not publish to \$JS/);
    });

    it('lets many do it at once', async () => {
      const others = await Promise.all(Array.from({ length: 4 }, () => as('admin')));
      const reports = await Promise.all(others.map((one) => ensureStreams(one, [Orders])));
      expect(reports.flat().map(({ outcome }) => outcome)).toContain('created');
    });
  },
  { jetstream: true, users },
);

it('streams on an older server are refused, and the version that is needed is named', async () => {
  const nothing = (): void => undefined;
  const old = { info: { version: '2.9.10' }, publish: nothing, subscribe: nothing, flush: nothing };
  await expect(ensureStreams(old as never, [Orders])).rejects.toThrow(
    /JetStream needs nats-server 2\.10 or later, and this is 2\.9\.10; upgrade it/,
  );
});

onEachServer(
  (server) => {
    it('says that there is no JetStream', async () => {
      const connection = await connect({ servers: server.url });
      await expect(ensureStreams(connection, [Orders])).rejects.toThrow(
        /stream "ORDERS" cannot be compared: this server, or this account, has no JetStream; enable it/,
      );
      await connection.close();
    });
  },
  { jetstream: false },
);

const BillSent = event('bills.{id}', unchecked<number>());
const Bills = eventStream('BILLS', { events: [BillSent], storage: 'memory' });

onEachServer(
  (server) => {
    @Service({ name: 'shop', version: '1.0.0', publishes: [BillSent] })
    class Shop {
      constructor(readonly publisher: JetStreamPublisher) {}

      async onStart(): Promise<void> {
        await this.publisher.publish(BillSent, 1, { params: { id: '1' } });
      }

      @Endpoint()
      open(): boolean {
        return true;
      }
    }
    const start = async (connection: NatsConnection, provision?: 'ensure' | 'verify' | 'off') =>
      NatsServiceFactory.create(new Shop(new JetStreamPublisher(connection)), {
        connection,
        provision,
        logger: false,
        signals: false,
      });
    let connection: NatsConnection;
    beforeEach(async () => {
      connection = await connect({ servers: server.url });
      await connection.request('$JS.API.STREAM.DELETE.BILLS');
    });
    afterEach(() => connection.close());

    describe('a service that says what it publishes', () => {
      it('has its stream before its objects begin', async () => {
        const host = await start(connection);
        expect(await diffStreams(connection, [Bills])).toEqual([]);
        await host.stop();
      });

      it('does not start where verify finds no stream', async () => {
        await expect(start(connection, 'verify')).rejects.toThrow(/stream "BILLS" does not exist/);
      });

      it('leaves it to others with off', async () => {
        await expect(start(connection, 'off')).rejects.toThrow(/no stream stores the subject bills\.1/);
      });
    });
  },
  { jetstream: true },
);
