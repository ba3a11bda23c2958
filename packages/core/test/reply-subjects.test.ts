import { Endpoint, NatsServiceFactory, Service, stream, type FactoryOptions } from '@natsmith/core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type Message } from '#test/connection';
import { describeWithNatsServer, onEachServerAndClient } from '#test/matrix';
import { NatsServer } from '@natsmith/testing';
import { connect } from 'nats';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { until } from '#test/until';

const MiB = 1024 * 1024;
let added = 0;

@Service({ name: 'target', version: '1.0.0' })
class Target {
  @Endpoint({ request: 'unchecked' }) add(): number {
    return ++added;
  }
  @Endpoint({ request: 'unchecked' }) fail(): never {
    throw new Error('broken');
  }
  @Endpoint({ subject: '{id}.get', request: 'unchecked' }) get(): string {
    return 'got';
  }
  @Endpoint({ request: 'unchecked' }) async *count(): AsyncGenerator<number> {
    for (let n = 1; ; n++) yield n;
  }
  @Endpoint({ request: Number }) async *upTo(end: number): AsyncGenerator<number> {
    for (let n = 1; n <= end; n++) yield n;
  }
  @Endpoint({ request: 'unchecked', maxUncredited: 3 }) async *short(): AsyncGenerator<number> {
    for (let n = 1; ; n++) yield n;
  }
  @Endpoint({ request: 'unchecked', maxUncredited: 2000 }) async *long(): AsyncGenerator<number> {
    for (let n = 1; ; n++) yield n;
  }
  @Endpoint({ request: 'unchecked' }) async *large(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(MiB - 100);
  }
  @Endpoint({ request: stream('unchecked') }) async sum(items: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  }
  @Endpoint({ codec: 'bytes' }) size(body: Uint8Array): Uint8Array {
    return Buffer.from(String(body.length));
  }
}

onEachServerAndClient((server, library) => {
  const hosts = useHosts();
  let service: Connection;
  let caller: Connection;
  let heard: Message[];
  let log: Log;

  beforeEach(async () => {
    [service, caller] = [await library.connect(), await library.connect()];
    added = 0;
    heard = [];
    log = new Log();
  });

  const start = (options: Partial<FactoryOptions<Connection>> = {}) =>
    hosts.start<Connection>(Target, { connection: service, logger: log, ...options });
  const listen = (subject: string): void => {
    caller.subscribe(subject, {
      callback(_error, message) {
        // What a service asks at its start, and is answered, concerns no request.
        if (!/\.neighbours$/.test(message.reply || message.subject)) heard.push(message);
      },
    });
  };
  const send = async (
    subject: string,
    reply: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<void> => {
    const block = library.headers();
    for (const [name, value] of Object.entries(headers)) block.set(name, value);
    caller.publish(subject, body, { reply, ...(Object.keys(headers).length > 0 && { headers: block }) });
    await caller.flush();
  };
  /** A nats-server takes reply subjects that it makes itself from nobody else; the broker does, and shows what is done with them. */
  const testReserved: jest.It = server.kind === 'broker' ? test : test.skip;
  const errorOf = (message: Message | undefined): string =>
    `${message?.headers?.get('Nats-Service-Error-Code')}: ${message?.headers?.get('Nats-Service-Error')}`;
  /** Whatever is to come of what was sent has come: the server works in order, and so does the service. */
  const settled = async (ms = 30): Promise<void> => {
    await delay(ms);
    await service.flush();
    await caller.flush();
  };
  const isEnd = (message: Message | undefined): boolean => message?.data.length === 0;
  const end = async (): Promise<Message> => {
    while (!isEnd(heard.at(-1))) await delay(5);
    return heard.at(-1)!;
  };
  const requestsOf = async (
    name: string,
  ): Promise<{ num_requests: number; num_errors: number; last_error: string }> => {
    const reply = await caller.request('$SRV.STATS.target');
    const { endpoints } = reply.json<{ endpoints: { name: string }[] }>();
    return endpoints.find((endpoint) => endpoint.name === name) as never;
  };

  describe('the reply subject of a request', () => {
    test('may be any subject of others', async () => {
      await start();
      listen('results.sum');
      await send('add', 'results.sum');
      await until(() => heard.length > 0);
      expect(heard.map((message) => message.string())).toEqual(['1']);
    });

    const reserved = [
      '$JS.ACK.ORDERS',
      '_GR_.abcdef.ghijkl.$JS.API.STREAM.PURGE.ORDERS',
      '_GR_.abcdef.ghijkl.$JS.ACK.ORDERS.worker.1.1.1.1.0',
      '_GR_.abcdef.ghijkl.add',
    ];

    test.each([
      '$JS.API.STREAM.PURGE.ORDERS',
      '$JS.FC.ORDERS.x',
      '$SYS.REQ.SERVER.PING',
      '$SRV.PING',
      '$KV.settings.limit',
      '$O.files.M.x',
      'add',
      'count',
      'order.get',
      ...(server.kind === 'broker' ? reserved : []),
    ])('is refused when it is %s: nothing runs, and nothing is published', async (reply) => {
      await start();
      listen('>');
      await send('add', reply);
      await settled();

      expect(heard.map(({ subject }) => subject)).toEqual(['add']);
      expect(added).toBe(0);
      expect(await requestsOf('add')).toMatchObject({
        num_requests: 1,
        num_errors: 1,
        last_error: '400:reply subject refused',
      });
      expect(log.find('warn', /request refused/)).toMatchObject([{ replySubject: reply, handler: 'add' }]);
    });

    test('is refused for discovery, too', async () => {
      await start();
      listen('>');
      for (const reply of ['add', '$JS.API.INFO', '$SRV.INFO', '$KV.a.b']) await send('$SRV.PING', reply);
      await settled();
      expect(heard.map(({ subject }) => subject)).toEqual(Array(4).fill('$SRV.PING'));
      expect(added).toBe(0);
    });

    test('that is refused a thousand times is a line in the log, not a thousand', async () => {
      await start();
      for (let i = 0; i < 1000; i++) caller.publish('add', '', { reply: '$SYS.x' });
      await settled();
      expect(await requestsOf('add')).toMatchObject({ num_errors: 1000 });
      expect(log.find('warn', /request refused/)).toHaveLength(1);
    });

    test('may not be an inbox that an endpoint with a wildcard takes', async () => {
      await start();
      listen('>');
      await send('add', '_INBOX.get');
      await send('count', '_INBOX.get');
      await settled();
      expect(heard).toHaveLength(2);
    });
  });

  describe('a stream', () => {
    test.each(['results', 'count', 'other.service', '_INBOX', '_INBOXES.x', 'mine.inbox'])(
      'does not go to %s',
      async (reply) => {
        await start();
        listen(reply);
        await send('count', reply);
        await settled();
        const answers = heard.filter(({ headers }) => headers !== undefined);
        expect(answers.length).toBeLessThanOrEqual(1);
        for (const answer of answers)
          expect(errorOf(answer)).toMatch(
            /^400: a stream cannot be sent: .* is not an inbox.*option "inboxes" of create/,
          );
        expect(await requestsOf('count')).toMatchObject({ num_errors: 1 });
      },
    );

    test.each(['mine.inbox', 'mine.inbox.'])('goes where the option inboxes allows it: %s', async (prefix) => {
      await start({ inboxes: [prefix] });
      listen('mine.inbox.1');
      await send('upTo', 'mine.inbox.1', {}, '2');
      await end();
      expect(heard.map((message) => message.string())).toEqual(['1', '2', '']);
    });

    test('goes to inboxes with the prefix of the service itself', async () => {
      const own = await library.connect({ inboxPrefix: 'shop' });
      await start({ connection: own });
      listen('shop.1');
      await send('upTo', 'shop.1', {}, '1');
      await end();
      expect(heard.map((message) => message.string())).toEqual(['1', '']);
    });

    testReserved('goes to a service import of another account, and to another cluster', async () => {
      await start();
      listen('_R_.abc');
      listen('_GR_.abcdef.ghijkl._INBOX.x');
      await send('upTo', '_R_.abc', {}, '1');
      await send('upTo', '_GR_.abcdef.ghijkl._INBOX.x', {}, '1');
      await until(() => heard.filter(isEnd).length === 2);
      expect(heard).toHaveLength(4);
    });

    test('ends after 1,000 items without credit, and says what to do', async () => {
      await start();
      listen('_INBOX.me');
      await send('count', '_INBOX.me');
      const last = await end();
      expect(heard).toHaveLength(1001);
      expect(errorOf(last)).toBe(
        '429: the stream ends after 1000 items, because its reader grants no credit; ' +
          'read it with a natsmith client, or raise "maxUncredited" of the endpoint',
      );
      expect(last.headers?.get('Natsmith-Seq')).toBe('1001');
    });

    test('of exactly 1,000 items ends well', async () => {
      await start();
      listen('_INBOX.me');
      await send('upTo', '_INBOX.me', {}, '1000');
      const last = await end();
      expect(heard).toHaveLength(1001);
      expect(last.headers?.has('Nats-Service-Error-Code')).toBe(false);
    });

    test('ends after 8 MiB without credit', async () => {
      await start();
      listen('_INBOX.me');
      await send('large', '_INBOX.me');
      expect(errorOf(await end())).toMatch(/^429: the stream ends after 8 items/);
    });

    test.each([
      ['short', 3],
      ['long', 2000],
    ])('of %s ends after the maxUncredited of the endpoint: %d items', async (subject, items) => {
      await start();
      listen('_INBOX.me');
      await send(subject, '_INBOX.me');
      expect(errorOf(await end())).toMatch(/^429/);
      expect(heard).toHaveLength(items + 1);
    });

    test('stops at the same bounds for a credit that its reader never confirms', async () => {
      await start();
      listen('_INBOX.me');
      await send('count', '_INBOX.me', { 'Natsmith-Credit': '1000000', 'Natsmith-Heartbeat': '50' });
      expect(errorOf(await end().then(() => heard.at(-1)))).toBeDefined();
      await until(() => errorOf(heard.at(-1)).startsWith('499'));
      expect(heard.filter((message) => !isEnd(message))).toHaveLength(1000);
      expect(heard.length).toBeLessThan(1010);
    });

    test('stops at 8 MiB for a credit that its reader never confirms', async () => {
      await start();
      listen('_INBOX.me');
      await send('large', '_INBOX.me', { 'Natsmith-Credit': '1000000', 'Natsmith-Heartbeat': '50' });
      await until(() => errorOf(heard.at(-1)).startsWith('499'));
      expect(heard.filter((message) => !isEnd(message))).toHaveLength(8);
    });

    test('goes on past the bounds when its reader grants credit', async () => {
      await start();
      listen('_INBOX.me');
      await send('count', '_INBOX.me', { 'Natsmith-Credit': '10' });
      await until(() => heard.filter((message) => !isEnd(message)).length === 10);
      caller.publish(heard[0]!.reply!, 'credit 2500');
      await until(() => heard.filter((message) => !isEnd(message)).length === 2500);
      caller.publish(heard[0]!.reply!, 'cancel');
      await until(() => isEnd(heard.at(-1)));
      expect(errorOf(heard.at(-1))).toBe('499: the stream was cancelled');
      expect(await requestsOf('count')).toMatchObject({ num_requests: 1, num_errors: 0 });
    });

    test('that nobody reads ends after 1,000 items, and holds up nothing meanwhile', async () => {
      await start();
      caller.publish('count');
      while ((await requestsOf('count')).num_requests === 0) await delay(5);
      expect(await requestsOf('count')).toMatchObject({
        last_error: '429:the stream ends after 1000 items, because nobody reads it',
      });
    });

    test('is controlled on a subject from which no other can be guessed', async () => {
      await start();
      listen('_INBOX.me');
      await send('upTo', '_INBOX.me', {}, '1');
      await send('upTo', '_INBOX.me', {}, '1');
      await until(() => heard.length === 4);
      const controls = heard.filter((message) => !isEnd(message)).map(({ reply }) => reply!);
      for (const control of controls) expect(control).toMatch(/^_INBOX\.[\w-]{22}$/);
      // The first half of a NUID stays the same.
      expect(controls[0]!.slice(7, 15)).not.toBe(controls[1]!.slice(7, 15));
    });
  });

  describe('a payload that comes in parts', () => {
    test.each([
      ['sum', { 'Natsmith-Upload': 'some.subject' }],
      ['sum', { 'Natsmith-Upload': 'add' }],
      ['sum', { 'Natsmith-Upload': '$JS.API.STREAM.PURGE.ORDERS' }],
      ['sum', { 'Natsmith-Upload': '_INBOX.*' }],
      ['sum', { 'Natsmith-Upload': '_INBOX.a b' }],
      ['size', { 'Natsmith-Upload': 'some.subject', 'Natsmith-Size': '5' }],
      ['size', { 'Natsmith-Upload': '$SYS.REQ', 'Natsmith-Size': '5' }],
    ])('is asked for only at inboxes: %s with %j', async (subject, headers) => {
      await start();
      listen('>');
      await send(subject, '_INBOX.me', headers);
      await until(() => heard.length > 1);
      await settled();
      expect(heard.map((message) => message.subject)).toEqual([subject, '_INBOX.me']);
      expect(errorOf(heard[1])).toMatch(/^400: header Natsmith-Upload: /);
    });
  });

  describe('an upload', () => {
    test('whose next() the handler does not await costs no process when the request ends', async () => {
      const strays: unknown[] = [];
      const onStray = (reason: unknown): void => void strays.push(reason);

      @Service({ name: 'hasty', version: '1.0.0' })
      class Hasty {
        @Endpoint({ request: stream('unchecked') }) hasty(items: AsyncIterable<unknown>): string {
          void items[Symbol.asyncIterator]().next();
          return 'done';
        }
      }
      process.on('unhandledRejection', onStray);
      try {
        await hosts.start<Connection>(Hasty, { connection: service });
        listen('_INBOX.>');
        await send('hasty', '_INBOX.me', { 'Natsmith-Upload': '_INBOX.upload' });
        await until(() => heard.some(({ subject }) => subject === '_INBOX.me'));
        await settled();
        expect(strays).toEqual([]);
      } finally {
        process.off('unhandledRejection', onStray);
      }
    });
  });

  describe('a message that a push consumer of JetStream delivers', () => {
    const ack = '$JS.ACK.ORDERS.worker.1.1.1.1700000000000000000.0';
    const ackWithDomain = '$JS.ACK.hub.ABCDEF.ORDERS.worker.1.1.1.1700000000000000000.0.x';

    testReserved.each([ack, ackWithDomain])('is acknowledged by a value on %s', async (reply) => {
      await start();
      listen('$JS.ACK.>');
      await send('add', reply);
      await until(() => heard.length > 0);
      expect(heard.map((message) => [message.string(), message.headers?.keys() ?? []])).toEqual([['+ACK', []]]);
    });

    testReserved('is refused by an error', async () => {
      await start();
      listen('$JS.ACK.>');
      await send('fail', ack);
      await until(() => heard.length > 0);
      expect(heard.map((message) => [message.string(), message.headers?.keys() ?? []])).toEqual([['-NAK', []]]);
    });

    testReserved('is acknowledged once, at the end of a stream', async () => {
      await start();
      listen('$JS.ACK.>');
      await send('upTo', ack, { 'Natsmith-Credit': '5', 'Natsmith-Chunks': '5' }, '20');
      await until(() => heard.length > 0);
      await settled();
      expect(heard.map((message) => message.string())).toEqual(['+ACK']);
    });

    testReserved('is refused where its stream does not end', async () => {
      await start();
      listen('$JS.ACK.>');
      await send('count', ack);
      await until(() => heard.length > 0);
      expect(heard.map((message) => message.string())).toEqual(['-NAK']);
    });
  });
});

describe('the option inboxes', () => {
  test.each([
    ['mine', 'inboxes must be an array of inbox prefixes such as ["my.inbox"], got "mine"'],
    [[''], 'inboxes: the prefix is empty'],
    [[5], 'inboxes: a prefix must be a string, got 5'],
    [['a.>'], 'inboxes: the prefix "a.>" may not contain ">"'],
    [['a b'], 'inboxes: the prefix "a b" holds white space'],
    [['$JS.API'], 'inboxes: the prefix "$JS.API" begins with "$", which NATS reserves'],
  ])('is checked: %j', async (inboxes, message) => {
    const created = NatsServiceFactory.create(Target, { inboxes: inboxes as string[], signals: false });
    await expect(created).rejects.toThrow(message);
  });

  test.each([0, -1, 1.5, '10', NaN])('so is maxUncredited: %p', async (maxUncredited) => {
    @Service({ name: 'bad', version: '1.0.0' })
    class Bad {
      @Endpoint({ maxUncredited: maxUncredited as number }) async *count(): AsyncGenerator<number> {}
    }
    const created = NatsServiceFactory.create(Bad, { signals: false });
    await expect(created).rejects.toThrow('maxUncredited must be a whole number, 1 or more, got');
  });
});

describeWithNatsServer('JetStream', () => {
  test('a push consumer delivers to an endpoint until it has answered with a value', async () => {
    const deliveries: number[] = [];

    @Service({ name: 'worker', version: '1.0.0' })
    class Worker {
      @Endpoint({ subject: 'jobs.work', request: 'unchecked' }) work(_job: unknown): string {
        deliveries.push(deliveries.length);
        if (deliveries.length < 3) throw new Error('not yet');
        return 'done';
      }
    }
    const folder = mkdtempSync(join(tmpdir(), 'natsmith-push-'));
    await using server = await NatsServer.start({
      config: `jetstream: { store_dir: ${JSON.stringify(folder)} }`,
    });
    const caller = await connect({ servers: server.url });
    const host = await NatsServiceFactory.create(Worker, {
      connection: { servers: server.url },
      logger: false,
      signals: false,
    });
    try {
      const manager = await caller.jetstreamManager();
      await manager.streams.add({ name: 'JOBS', subjects: ['jobs.new'], storage: 'memory' as never });
      await manager.consumers.add('JOBS', {
        durable_name: 'worker',
        deliver_subject: 'jobs.work',
        deliver_group: 'q',
        ack_policy: 'explicit' as never,
        ack_wait: 60_000_000_000,
      });
      await caller.jetstream().publish('jobs.new', '{}');
      const pending = async (): Promise<number> => (await manager.consumers.info('JOBS', 'worker')).num_ack_pending;
      while (deliveries.length < 3) await delay(5);
      while ((await pending()) > 0) await delay(5);
      expect(deliveries).toHaveLength(3);
    } finally {
      await host.stop();
      await caller.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
