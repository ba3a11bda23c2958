import { ServiceClient, TimeoutError } from '@natsmith/client';
import { Endpoint, Service } from '@natsmith/core';
import {
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  ConsecutiveBreaker,
  ConstantBackoff,
  fallback,
  handleAll,
  handleWhenResult,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServer } from '#test/matrix';
import { connect, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

let asked = 0;
let ended = 0;
/** How many requests get no answer in time. */
let slow = 0;

async function answer(): Promise<string> {
  if (++asked <= slow) await delay(2_500);
  return 'ok';
}

@Service({ name: 'flaky', version: '1.0.0' })
class Flaky {
  @Endpoint({ idempotent: true })
  read(): Promise<string> {
    return answer();
  }

  @Endpoint()
  write(): Promise<string> {
    return answer();
  }

  @Endpoint({ idempotent: true })
  fail(): never {
    asked++;
    throw new Error('broken');
  }

  @Endpoint({ idempotent: true })
  async *feed(): AsyncGenerator<string> {
    yield await answer();
    yield 'more';
  }

  @Endpoint()
  async *once(): AsyncGenerator<string> {
    yield await answer();
  }

  @Endpoint({ idempotent: true })
  async *endless(): AsyncGenerator<number> {
    asked++;
    try {
      for (;;) yield asked;
    } finally {
      ended++;
    }
  }

  @Endpoint({ idempotent: true })
  async *breaks(): AsyncGenerator<number> {
    yield ++asked;
    throw new Error('broken');
  }

  @Endpoint({ idempotent: true })
  async *refuses(): AsyncGenerator<number> {
    asked++;
    if (asked > 0) throw new Error('broken');
    yield 1;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

onEachServer((server) => {
  const { start } = useHosts();
  let connection: NatsConnection;
  let client: ServiceClient;

  beforeEach(async () => {
    asked = ended = slow = 0;
    connection = await connect({ servers: server.url });
    client = new ServiceClient(connection, { discovery: { stall: 40 }, timeout: 800 });
    await start(Flaky, { connection });
  });
  afterEach(async () => {
    await client.close();
    await connection.close();
  });

  test('an idempotent endpoint is asked once more after a timeout', async () => {
    slow = 1;
    const flaky = await client.service<Flaky>('flaky');
    expect(await flaky.read()).toBe('ok');
    expect(asked).toBe(2);
  });

  test('how often can be set, for the service and for a call', async () => {
    slow = 3;
    const flaky = await client.service<Flaky>('flaky', { retries: 3 });
    expect(await flaky.read()).toBe('ok');
    expect(asked).toBe(4);
    slow = 9;
    await expect(flaky.read(undefined, { retries: 0 })).rejects.toBeInstanceOf(TimeoutError);
    expect(asked).toBe(5);
  });

  test('any other endpoint is asked once', async () => {
    slow = 1;
    const flaky = await client.service<Flaky>('flaky', { retries: 5 });
    await expect(flaky.write()).rejects.toBeInstanceOf(TimeoutError);
    expect(asked).toBe(1);
  });

  test('a policy cannot send again after a timeout what is not idempotent', async () => {
    slow = 1;
    const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1) });
    const flaky = await client.service<Flaky>('flaky', { policy });
    await expect(flaky.write()).rejects.toBeInstanceOf(TimeoutError);
    expect(asked).toBe(1);
  });

  test('an error that a service answered is not asked for again, unless a policy does', async () => {
    const flaky = await client.service<Flaky>('flaky');
    await expect(flaky.fail()).rejects.toMatchObject({ code: 500 });
    expect(asked).toBe(1);
    const policy = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(1) });
    await expect(flaky.fail(undefined, { policy })).rejects.toMatchObject({ code: 500 });
    expect(asked).toBe(4);
  });

  test('a subject is asked again only where the call says that it may be', async () => {
    slow = 1;
    await expect(client.call('read')).rejects.toBeInstanceOf(TimeoutError);
    expect(asked).toBe(1);
    asked = 0;
    expect(await client.call('read', undefined, { idempotent: true })).toBe('ok');
  });

  test('a circuit breaker that is open sends nothing', async () => {
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(2) });
    const flaky = await client.service<Flaky>('flaky', { policy: breaker });
    for (let i = 0; i < 2; i++) await expect(flaky.fail()).rejects.toMatchObject({ code: 500 });
    await expect(flaky.fail()).rejects.toThrow(/circuit/);
    expect(asked).toBe(2);
  });

  test('a bulkhead refuses more calls than it has room for', async () => {
    const flaky = await client.service<Flaky>('flaky', { policy: bulkhead(1, 0) });
    const first = flaky.read();
    await expect(flaky.read()).rejects.toBeInstanceOf(BulkheadRejectedError);
    expect(await first).toBe('ok');
  });

  test('a fallback stands in, and policies can be wrapped', async () => {
    const policy = wrap(fallback(handleAll, 'from the cache'), retry(handleAll, { maxAttempts: 1 }));
    const flaky = await client.service<Flaky>('flaky', { policy });
    expect(await flaky.fail()).toBe('from the cache');
    expect(asked).toBe(2);
  });

  describe('streams', () => {
    /** Streams of an instance that takes requests, and says nothing on the first ones. */
    const mute = async (times: number): Promise<void> => {
      // A subscriber in the endpoint's queue group that keeps the first requests to itself.
      const sent = { count: 0 };
      await connection.flush();
      connection.subscribe('mute', {
        callback: (_error, request) => {
          if (++sent.count <= times) return;
          connection.publish('feed', request.data, { reply: request.reply, headers: request.headers });
        },
      });
      muted = sent;
    };
    let muted = { count: 0 };

    test("the service's timeout bounds the first sign of life, and not the stream", async () => {
      const flaky = await client.service<Flaky>('flaky', { timeout: 1_000 });
      slow = 1;
      expect(await collect(flaky.feed())).toEqual(['ok', 'more']); // the heartbeat came at once, the item after 2,500 ms
      connection.subscribe('silent');
      @Service({ name: 'deaf', version: '1.0.0' })
      class Deaf {
        @Endpoint()
        async *listen(): AsyncGenerator<string> {
          yield 'never';
        }
      }
      const { host } = await start(Deaf, { connection });
      const deaf = await client.service<Deaf>('deaf', { timeout: 60 });
      await host.stop();
      connection.subscribe('listen'); // takes the requests now, and never answers
      const error = await collect(deaf.listen()).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ timeout: 60 });
    });

    test('an idempotent stream is opened again after a timeout, as often as the call says; any other is not', async () => {
      await mute(2);
      const options = { idempotent: true, retries: 2 };
      expect(await collect(client.stream('mute', undefined, options))).toEqual(['ok', 'more']);
      expect(muted.count).toBe(3);
      muted.count = 0;
      await expect(collect(client.stream('mute', undefined, { retries: 2 }))).rejects.toBeInstanceOf(TimeoutError);
      expect(muted.count).toBe(1);
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1) });
      muted.count = 0;
      await expect(collect(client.stream('mute', undefined, { policy }))).rejects.toBeInstanceOf(TimeoutError);
      expect(muted.count).toBe(1);
    });

    test('a stream whose own time is up is not opened again', async () => {
      slow = 9;
      const flaky = await client.service<Flaky>('flaky', { retries: 3 });
      await expect(collect(flaky.feed(undefined, { timeout: 100 }))).rejects.toThrow(/100 ms|504: timeout/);
      expect(asked).toBe(1);
    });

    test('a retry policy opens again, and never after an item was read', async () => {
      const policy = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(1) });
      const flaky = await client.service<Flaky>('flaky', { policy });
      await expect(collect(flaky.refuses())).rejects.toMatchObject({ code: 500 });
      expect(asked).toBe(3);
      asked = 0;
      const seen: number[] = [];
      const reading = (async () => {
        for await (const n of flaky.breaks()) seen.push(n);
      })();
      await expect(reading).rejects.toMatchObject({ code: 500 });
      expect(seen).toEqual([1]);
    });

    test('a breaker counts openings that fail, and refuses the next', async () => {
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(2) });
      const flaky = await client.service<Flaky>('flaky', { policy });
      for (let i = 0; i < 3; i++) await expect(collect(flaky.breaks())).rejects.toMatchObject({ code: 500 });
      asked = 0;
      for (let i = 0; i < 2; i++) await expect(collect(flaky.refuses())).rejects.toMatchObject({ code: 500 });
      await expect(collect(flaky.refuses())).rejects.toThrow(/circuit/);
      await expect(collect(flaky.feed())).rejects.toThrow(/circuit/);
      expect(asked).toBe(2);
    });

    test('a timeout policy bounds the wait for the first item, and no more', async () => {
      slow = 1;
      const policy = timeout(1_000, TimeoutStrategy.Cooperative);
      const flaky = await client.service<Flaky>('flaky', { policy });
      await expect(collect(flaky.feed())).rejects.toMatchObject({ name: 'AbortError' });
      const items = flaky.feed()[Symbol.asyncIterator]();
      expect(await items.next()).toEqual({ done: false, value: 'ok' });
      await delay(1_200);
      expect(await items.next()).toEqual({ done: false, value: 'more' });
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    test('a fallback stands in with any iterable, and with nothing else', async () => {
      const flaky = await client.service<Flaky>('flaky');
      const policy = fallback(handleAll, [7, 8]);
      expect(await collect(flaky.refuses(undefined, { policy }))).toEqual([7, 8]);
      const wrong = fallback(handleAll, 7);
      await expect(collect(flaky.refuses(undefined, { policy: wrong }))).rejects.toThrow('return an iterable');
    });

    test('streams that a policy opens and does not return are left', async () => {
      const policy = retry(
        handleWhenResult(() => true),
        { maxAttempts: 2, backoff: new ConstantBackoff(1) },
      );
      const flaky = await client.service<Flaky>('flaky', { policy });
      for await (const _ of flaky.endless()) break;
      await until(() => ended === 3);
      expect(asked).toBe(3);
    });

    test('leaving a stream that is being opened ends that at once', async () => {
      slow = 1;
      const policy = retry(handleAll, { maxAttempts: 50, backoff: new ConstantBackoff(10) });
      const flaky = await client.service<Flaky>('flaky', { policy });
      const items = flaky.once()[Symbol.asyncIterator]();
      const first = items.next();
      await until(() => asked === 1);
      await items.return!();
      expect(await first).toEqual({ done: true, value: undefined });
      expect(await items.next()).toEqual({ done: true, value: undefined });
      await delay(50);
      expect(asked).toBe(1);
    });
  });
});
