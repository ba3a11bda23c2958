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
  retry,
  wrap,
} from 'cockatiel';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServer } from '#test/matrix';
import { connect, type NatsConnection } from 'nats';
import { useHosts } from './hosts';

let asked = 0;
/** How many requests get no answer in time. */
let slow = 0;

async function answer(): Promise<string> {
  if (++asked <= slow) await delay(800);
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
}

onEachServer((server) => {
  const start = useHosts();
  let connection: NatsConnection;
  let client: ServiceClient;

  beforeEach(async () => {
    asked = slow = 0;
    connection = await connect({ servers: server.url });
    client = new ServiceClient(connection, { discovery: { stall: 40 }, timeout: 300 });
    await start(Flaky, connection);
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
});
