import { ServiceClient, ServiceError, StreamError, TimeoutError, type StreamOptions } from '@natsmith/client';
import { Endpoint, Service, type RequestContext } from '@natsmith/core';
import { connect } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type Message } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';
import { garbageCollector, itWith } from '#test/runtime';

let made = 0;
let ended: string[] = [];

@Service({ name: 'feed', version: '1.0.0' })
class Feed {
  @Endpoint({ request: Number })
  async *count(to: number, ctx: RequestContext): AsyncGenerator<number> {
    try {
      for (let n = 1; n <= to; n++) {
        made = n;
        yield n;
      }
    } finally {
      ended.push(ctx.signal.aborted ? (ctx.signal.reason as Error).message : 'returned');
    }
  }

  @Endpoint({ request: Number })
  async *breakAfter(items: number): AsyncGenerator<number> {
    for (let n = 1; n <= items; n++) yield n;
    throw new ServiceError(507, 'full', { data: { items } });
  }

  @Endpoint()
  async *wait(_: undefined, ctx: RequestContext): AsyncGenerator<string> {
    yield 'first';
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    ended.push((ctx.signal.reason as Error).message);
  }

  @Endpoint()
  async *nothing(): AsyncGenerator<string> {}

  @Endpoint()
  async *hole(): AsyncGenerator<undefined> {
    yield undefined;
  }

  @Endpoint()
  async *large(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(2 * 1024 * 1024);
  }

  @Endpoint()
  prepared(): AsyncIterable<string> {
    return (async function* () {
      yield 'a';
      yield 'b';
    })();
  }

  @Endpoint()
  single(): string {
    return 'one';
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

onEachServerAndClient((server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    made = 0;
    ended = [];
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 60 } });
  });
  afterEach(() => client.close());
  const feed = async (): Promise<Awaited<ReturnType<typeof client.service<Feed>>>> => {
    await start(Feed, { connection: await library.connect({ reconnectTimeWait: 20 }) });
    return client.service<Feed>('feed');
  };

  describe('reading', () => {
    test('items come in order, and the loop ends after the last', async () => {
      const { count } = await feed();
      expect(await collect(count(1000))).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
      expect(ended).toEqual(['returned']);
    });

    test('a stream may be empty', async () => {
      expect(await collect((await feed()).nothing())).toEqual([]);
    });

    test('nothing is sent until somebody reads, and each reading opens a new stream', async () => {
      const stream = (await feed()).count(3);
      await delay(20);
      expect(made).toBe(0);
      expect(await collect(stream)).toEqual([1, 2, 3]);
      expect(await collect(stream)).toEqual([1, 2, 3]);
    });

    test('the error of the service comes after the items before it', async () => {
      const seen: number[] = [];
      const error = await (async () => {
        for await (const n of (await feed()).breakAfter(2)) seen.push(n);
      })().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject({ code: 507, description: 'full', data: { items: 2 } });
      expect(seen).toEqual([1, 2]);
    });

    test('a request that is refused is an error before the first item', async () => {
      const { count } = await feed();
      await expect(collect(count('many' as never))).rejects.toMatchObject({ code: 400 });
    });

    test('nobody on the subject is a 503 at once', async () => {
      await expect(collect(client.stream('nobody.there'))).rejects.toMatchObject({ name: 'ServiceError', code: 503 });
    });

    test('an item without a body is an error of the service, never a silent end', async () => {
      await expect(collect((await feed()).hole())).rejects.toMatchObject({ code: 500 });
    });

    test("an item over the server's limit is an error that names both sizes", async () => {
      const error = await collect((await feed()).large()).catch((error: unknown) => error as ServiceError);
      expect(error).toMatchObject({ code: 500 });
      expect((error as ServiceError).description).toMatch(
        /^item of 20971\d\d bytes is over max_payload \(1048576 bytes\)$/,
      );
    });

    test('a handler that returns an iterable streams, too; it is iterated in the expression that calls it', async () => {
      const { prepared } = await feed();
      expect(await collect(prepared())).toEqual(['a', 'b']);
      const late = prepared();
      await delay(1);
      expect(() => late[Symbol.asyncIterator]()).toThrow(/"prepared" was sent as a plain call/);
      await expect(Promise.resolve(late)).resolves.toBe('a');
    });

    test('given a reply that is not a stream, the error says so', async () => {
      await feed();
      await expect(collect(client.stream('single'))).rejects.toThrow('the reply of single is not a stream');
    });

    test('the first item of a stream is the reply of a plain call, and then the producer stops', async () => {
      await feed();
      expect(await client.call('wait')).toBe('first');
      await until(() => ended.length === 1);
      expect(ended).toEqual(['499: the caller has left the stream']);
    });

    test('a stream is found again where its service has moved to', async () => {
      const { host } = await start(Feed, { connection: await library.connect() });
      const { count } = await client.service<Feed>('feed');
      await host.stop();
      @Service({ name: 'feed', version: '1.0.0' })
      class Moved extends Feed {
        @Endpoint({ subject: 'moved.count', request: Number })
        override count(to: number, ctx: RequestContext): AsyncGenerator<number> {
          return super.count(to, ctx);
        }
      }
      await start(Moved, { connection: await library.connect() });
      expect(await collect(count(2))).toEqual([1, 2]);
    });
  });

  describe('credit', () => {
    test('the producer makes no more than the reader takes, plus the credit', async () => {
      const { count } = await feed();
      for await (const n of count(10_000, { credit: 10 })) {
        if (n % 50 === 0) {
          await delay(5);
          expect(made).toBeLessThanOrEqual(n + 10);
        }
        if (n === 300) break;
      }
      await until(() => ended.length === 1);
    });

    test('a credit beyond all measure does not make the producer run ahead of the server', async () => {
      const { count } = await feed();
      for await (const _ of count(300_000, { credit: 10 ** 14 })) break;
      await until(() => ended.length === 1);
      expect(made).toBeLessThan(300_000);
    });

    test('bad settings are refused', async () => {
      for (const bad of [{ credit: 0 }, { heartbeat: -1 }, { itemTimeout: 0 }, { timeout: 0 }] as StreamOptions[])
        await expect(collect(client.stream('count', 1, bad))).rejects.toThrow(`${Object.keys(bad)[0]} `);
    });
  });

  describe('leaving', () => {
    test('leaving the loop stops the producer', async () => {
      const { count } = await feed();
      for await (const n of count(1_000_000)) if (n === 5) break;
      await until(() => ended.length === 1);
      expect(ended).toEqual(['499: the caller has left the stream']);
      expect(made).toBeLessThan(10_000);
    });

    test('a producer that waits is notified by its signal', async () => {
      for await (const item of (await feed()).wait()) {
        expect(item).toBe('first');
        break;
      }
      await until(() => ended.length === 1);
      expect(ended).toEqual(['499: the caller has left the stream']);
    });

    test("aborting the reader's signal ends the loop with its reason, and the producer", async () => {
      const { wait } = await feed();
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('enough')), 50);
      await expect(collect(wait(undefined, { signal: abort.signal }))).rejects.toThrow('enough');
      await until(() => ended.length === 1);
    });

    test('the timeout is that of the whole stream, on both sides', async () => {
      const { wait } = await feed();
      const error = await collect(wait(undefined, { timeout: 80 })).catch((error: unknown) => error);
      expect((error as Error).message).toMatch(/wait did not answer within 80 ms|504: timeout/);
      await until(() => ended.length === 1);
    });

    test('a stream made for a request ends with it', async () => {
      await feed();
      const ctx = { deadline: new Date(Date.now() + 80) };
      await expect(collect(client.with(ctx).stream('wait'))).rejects.toThrow(/did not answer within|504: timeout/);
      await until(() => ended.length === 1);
    });

    test('leaving does not count as an error of the service', async () => {
      const { count } = await feed();
      for await (const n of count(1_000_000)) if (n === 5) break;
      await until(() => ended.length === 1);
      const counted = async () => (await client.stats('feed'))[0]!.endpoints.find(({ name }) => name === 'count')!;
      await until(async () => (await counted()).num_requests === 1);
      expect((await counted()).num_errors).toBe(0);
    });
  });

  describe('broken ends', () => {
    test('a producer that dies is found within three heartbeats', async () => {
      const { host } = await start(Feed, { connection: await library.connect() });
      const { wait } = await client.service<Feed>('feed');
      const error = await (async () => {
        for await (const item of wait(undefined, { heartbeat: 60 }))
          if (item === 'first') await host.connection.close();
      })().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(StreamError);
      expect((error as Error).message).toBe('the producer of the stream from wait sent nothing for 180 ms; it is gone');
    });

    test('a reader whose connection dies stops the producer with the next heartbeat', async () => {
      await start(Feed, { connection });
      const dying = await library.connect();
      const reader = new ServiceClient(dying);
      const items = reader.stream('wait', undefined, { heartbeat: 60 })[Symbol.asyncIterator]();
      expect(await items.next()).toEqual({ done: false, value: 'first' });
      await dying.close();
      await expect(items.next()).rejects.toThrow(/closed/i);
      await until(() => ended.length === 1);
    });

    test('a reader that neither reads nor answers is given up after three heartbeats', async () => {
      await feed();
      const headers = library.headers();
      headers.set('Natsmith-Credit', '5');
      headers.set('Natsmith-Heartbeat', '50');
      const seen: Message[] = [];
      connection.subscribe('_INBOX.mute', { callback: (_error, message) => seen.push(message) });
      const before = performance.now();
      connection.publish('count', Buffer.from('100'), { reply: '_INBOX.mute', headers });
      await until(() => ended.length === 1);
      expect(performance.now() - before).toBeGreaterThan(145);
      expect(made).toBe(5);
      await until(() => seen.at(-1)?.headers?.get('Nats-Service-Error-Code') === '499');
    });

    test('no first message in time is a TimeoutError', async () => {
      connection.subscribe('silent');
      const hasty = new ServiceClient(connection, { timeout: 30 });
      const error = await collect(hasty.stream('silent')).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TimeoutError);
      await hasty.close();
    });

    const itSeesTimers = itWith('process.getActiveResourcesInfo()');
    itSeesTimers('a client that is closed opens no stream, and keeps no timer that would end the process', async () => {
      const gone = new ServiceClient(connection);
      await gone.close();
      const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      const before = timers();
      await expect(collect(gone.stream('silent'))).rejects.toThrow('the client is closed');
      expect(timers()).toBe(before);
    });

    test('an item that is awaited for too long is an error where that is asked for', async () => {
      const { wait } = await feed();
      await expect(collect(wait(undefined, { itemTimeout: 40 }))).rejects.toThrow('wait sent no item within 40 ms');
      await until(() => ended.length === 1);
    });

    test.each([
      ['a lost item', [1, 2, 4], 'item 3 of the stream from forged was lost'],
      ['an item out of order', [1, 3, 2], 'item 2 of the stream from forged was lost'],
      ['an item that comes again', [1, 2, 2], 'item 2 of the stream from forged arrived twice'],
      ['a lost last item', [1, 2, 'end 4'], 'item 3 of the stream from forged was lost'],
      ['a heartbeat that knows of more', [1, 'beat 2'], 'item 2 of the stream from forged was lost'],
      ['more than was asked for', [1, 2, 3, 4, 5, 6], 'forged sends more items than it has credit for'],
    ] as const)('%s is an error, after the items before it', async (_what, messages, expected) => {
      connection.subscribe('forged', {
        callback(_error, request) {
          for (const message of messages) {
            const headers = library.headers();
            const [kind, number] = typeof message === 'string' ? message.split(' ') : ['item', String(message)];
            headers.set(kind === 'beat' ? 'Natsmith-Heartbeat' : 'Natsmith-Seq', number!);
            const body = kind === 'item' ? Buffer.from('"item"') : Buffer.alloc(0);
            connection.publish(request.reply!, body, { headers, reply: '_INBOX.forged' });
          }
        },
      });
      const told: string[] = [];
      connection.subscribe('_INBOX.forged', { callback: (_error, message) => told.push(message.string()) });
      const seen: unknown[] = [];
      const error = await (async () => {
        for await (const item of client.stream('forged', undefined, { credit: 5 })) seen.push(item);
      })().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(StreamError);
      expect((error as StreamError).message).toContain(expected);
      expect(seen).toHaveLength(
        messages.findIndex((message, i) => message !== i + 1) >>> 0 > 5
          ? 5
          : messages.findIndex((message, i) => message !== i + 1),
      );
      await until(() => told.at(-1) === 'cancel');
    });

    test('nothing is left behind: no subscription, no timer, no message', async () => {
      const own = await library.connect();
      let open = 0;
      const { subscribe } = own;
      own.subscribe = (subject, options) => {
        const subscription = subscribe.call(own, subject, options);
        if (!subject.startsWith('_INBOX.')) return subscription;
        open++;
        const { unsubscribe } = subscription;
        subscription.unsubscribe = (max) => {
          open--;
          unsubscribe.call(subscription, max);
        };
        return subscription;
      };
      await start(Feed, { connection: own });
      const { count, breakAfter, wait } = await client.service<Feed>('feed');
      await collect(count(300));
      await collect(breakAfter(3)).catch(() => undefined);
      for await (const _ of wait(undefined, { heartbeat: 50 })) break;
      await until(() => ended.length === 2);
      await delay(20);
      expect(open).toBe(0);
      const before = own.stats().outMsgs;
      await delay(150);
      expect(own.stats().outMsgs).toBe(before);
    });

    test('a server that restarts ends the stream with an error, or the stream is whole', async () => {
      await start(Feed, { connection: await library.connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 }) });
      const reader = new ServiceClient(await library.connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 }));
      const seen: number[] = [];
      const error = await (async () => {
        for await (const n of reader.stream<number>('count', 2000, { credit: 20, heartbeat: 100 })) {
          seen.push(n);
          if (n % 10 === 0) await delay(1);
          if (n === 500) await server.restart();
        }
      })().catch((error: unknown) => error);
      expect(seen).toEqual(seen.map((_, i) => i + 1));
      expect(seen.length).toBeGreaterThanOrEqual(500);
      if (seen.length < 2000) expect((error as Error).message).toMatch(/lost|gone|while the connection was down/);
      else expect(error).toBeUndefined();
      await until(() => ended.length === 1);
      await reader.close();
    });
  });

  describe('stock clients', () => {
    test('read a stream until an empty message, without headers or credit', async () => {
      await feed();
      const items: number[] = [];
      const done = new Promise<void>((resolve) => {
        connection.subscribe('_INBOX.mine', {
          callback(_error, message) {
            if (message.data.length === 0) resolve();
            else items.push(message.json<number>());
          },
        });
      });
      connection.publish('count', Buffer.from('1000'), { reply: '_INBOX.mine' });
      await done;
      expect(items).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    });

    test('a plain request gets the first item, and the producer stops when it has gone', async () => {
      await feed();
      const reply = await connection.request('count', Buffer.from('1000000'), { timeout: 1000, noMux: true });
      expect(reply.json()).toBe(1);
      expect(reply.headers?.get('Natsmith-Seq')).toBe('1');
      await until(() => ended.length === 1);
      expect(made).toBeLessThan(1_000_000);
    });

    test('can stop the producer by hand: "cancel" to the reply subject of an item', async () => {
      await feed();
      const [first] = await new Promise<Message[]>((resolve) => {
        connection.subscribe('_INBOX.mine', { callback: (_error, message) => resolve([message]) });
        connection.publish('wait', Buffer.alloc(0), { reply: '_INBOX.mine' });
      });
      connection.publish(first!.reply!, Buffer.from('cancel'));
      await until(() => ended.length === 1);
      expect(ended).toEqual(['499: the caller has left the stream']);
    });

    test('that answers heartbeats by asking for another keeps nobody busy', async () => {
      await feed();
      let heartbeats = 0;
      connection.subscribe('_INBOX.mine', {
        callback(_error, { reply, headers }) {
          if (headers?.has('Natsmith-Heartbeat') !== true) return;
          heartbeats++;
          connection.publish(reply!, 'credit 16', { reply: '_INBOX.mine' });
        },
      });
      const headers = library.headers();
      headers.set('Natsmith-Credit', '16');
      headers.set('Natsmith-Heartbeat', '60000');
      connection.publish('wait', Buffer.alloc(0), { reply: '_INBOX.mine', headers });
      await until(() => heartbeats === 2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heartbeats).toBe(2);
    });
  });
});

describe('memory', () => {
  onEachServer((server) => {
    const { start } = useHosts();

    test('100,000 items to a slow reader keep memory flat', async () => {
      const connection = await connect({ servers: server.url });
      const reader = new ServiceClient(connection);
      await start(Feed, { connection });
      const collectGarbage = garbageCollector();
      const sizes: number[] = [];
      let ahead = 0;
      let n = 0;
      for await (const item of reader.stream<number>('count', 100_000)) {
        if (item !== ++n) throw new Error(`item ${item} came as number ${n}`);
        if (n % 20_000 !== 0) continue;
        await delay(20); // in batches: a pause for each item would take minutes
        ahead = Math.max(ahead, made - n);
        collectGarbage();
        sizes.push(process.memoryUsage().heapUsed);
      }
      expect(n).toBe(100_000);
      expect(ahead).toBeLessThanOrEqual(4096);
      expect(Math.max(...sizes.slice(1)) - sizes[0]!).toBeLessThan(8 * 1024 * 1024);
      await reader.close();
      await connection.close();
    });
  });
});
