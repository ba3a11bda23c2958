import { ServiceClient, ServiceError } from '@natsmith/client';
import { Endpoint, Group, NatsServiceFactory, Service, stream, type RequestContext } from '@natsmith/core';
import { IsNumber } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';
import { Cable } from '#test/cable';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

class Amount {
  @IsNumber() value: number;
}

let taken = 0;
let failed: Error | undefined;

@Service({ name: 'till', version: '1.0.0' })
class Till {
  @Endpoint({ request: stream(Amount) })
  async sum(amounts: AsyncIterable<Amount>): Promise<number> {
    let sum = 0;
    try {
      for await (const amount of amounts) {
        if (!(amount instanceof Amount)) throw new Error('no instance');
        sum += amount.value;
        taken++;
      }
    } catch (error) {
      failed = error as Error;
      throw error;
    }
    return sum;
  }

  @Endpoint({ request: stream(Number) })
  async firstOver(numbers: AsyncIterable<number>): Promise<number | null> {
    for await (const n of numbers) if (n > 10) return n;
    return null;
  }

  @Endpoint({ request: stream(Number) })
  async *double(numbers: AsyncIterable<number>): AsyncGenerator<number> {
    for await (const n of numbers) yield 2 * n;
  }

  @Endpoint({ request: stream(Number), timeout: 60 })
  async slow(numbers: AsyncIterable<number>): Promise<void> {
    try {
      for await (const _ of numbers) await delay(10);
    } catch (error) {
      failed = error as Error;
      throw error;
    }
  }

  @Endpoint({ request: stream(Number) })
  ignore(_: AsyncIterable<number>, ctx: RequestContext): string {
    return ctx.endpoint.name;
  }
}

@Service({ name: 'far', version: '1.0.0' })
@Group('far')
class FarTill extends Till {}

async function* items1to(last: number): AsyncGenerator<number> {
  for (let n = 1; n <= last; n++) yield n;
}

onEachServerAndClient((server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;
  let till: Awaited<ReturnType<typeof client.service<Till>>>;

  beforeEach(async () => {
    taken = 0;
    failed = undefined;
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 40 } });
    await start(Till, { connection: await library.connect() });
    till = await client.service<Till>('till');
  });
  afterEach(() => client.close());
  let made = 0;
  let hasEnded = false;
  async function* numbers(to: number): AsyncGenerator<number> {
    hasEnded = false;
    try {
      for (made = 1; made <= to; made++) yield made;
    } finally {
      hasEnded = true;
    }
  }

  test('a handler takes the items one by one, validated, and replies once', async () => {
    async function* amounts(): AsyncGenerator<Amount> {
      for (let value = 1; value <= 1000; value++) yield { value };
    }
    expect(await till.sum(amounts())).toBe(500_500);
    expect(await till.sum([{ value: 1 }, { value: 2 }])).toBe(3);
    expect(await till.sum([])).toBe(0);
  });

  test('an item that is not valid ends the call with the violations', async () => {
    const error = await till.sum([{ value: 1 }, { value: 'x' as never }]).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 400, data: [{ path: 'value' }] });
    expect(taken).toBe(1);
  });

  test('a handler that has enough stops the sender', async () => {
    expect(await till.firstOver(numbers(1_000_000))).toBe(11);
    await until(() => hasEnded);
    expect(made).toBeLessThan(10_000);
  });

  test('items that nobody takes are not made', async () => {
    made = 0;
    expect(await till.ignore(numbers(3))).toBe('ignore');
    expect(made).toBe(0);
  });

  test('a service that was cut off while items came to it hears of the loss as soon as it is back', async () => {
    const cable = await Cable.to(server.port);
    const own = await library.connect({
      servers: `127.0.0.1:${cable.port}`,
      reconnectTimeWait: 20,
      maxReconnectAttempts: -1,
    });
    await start(FarTill, { connection: own });
    let isUnheard = false;
    async function* amounts(): AsyncGenerator<Amount> {
      try {
        for (let value = 1; ; value++, await delay(2)) yield { value };
      } finally {
        isUnheard = true;
      }
    }
    const far = await client.service<FarTill>('far');
    const outcome = far.sum(amounts(), { timeout: 20_000 }).catch((error: unknown) => error);
    await until(() => taken > 10);
    cable.cut();
    await until(() => isUnheard);
    cable.mend();
    expect(await outcome).toMatchObject({ code: 499, description: 'the caller has given up its stream' });
    expect(failed).toBeDefined();
    cable.close();
  });

  test('streams go both ways at once', async () => {
    const doubled: number[] = [];
    for await (const n of till.double(numbers(1000))) doubled.push(n);
    expect(doubled).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * (i + 1)));
  });

  test('leaving the stream that comes back stops the one that goes out', async () => {
    for await (const n of till.double(numbers(1_000_000))) if (n === 20) break;
    await until(() => hasEnded);
    expect(made).toBeLessThan(10_000);
  });

  test('what the items throw is what the caller gets, and the handler fails with 499', async () => {
    async function* broken(): AsyncGenerator<Amount> {
      yield { value: 1 };
      throw new Error('disk');
    }
    await expect(till.sum(broken())).rejects.toThrow('disk');
    await until(() => failed !== undefined);
    expect(failed).toMatchObject({ code: 499 });
  });

  test('heartbeats of an upload come by the clock, and are not answered by further ones', async () => {
    let heartbeats = 0;
    connection.subscribe('_INBOX.>', {
      callback: (_error, { headers }) => {
        if (headers?.has('Natsmith-Heartbeat')) heartbeats++;
      },
    });
    async function* slow(): AsyncGenerator<Amount> {
      for (let value = 1; value <= 5; value++) yield delay(20, { value });
    }
    expect(await till.sum(slow())).toBe(15);
    expect(heartbeats).toBeLessThan(10);
  });

  test('a cancel by somebody else is an error to the handler, not silence', async () => {
    const control = new Promise<string>((resolve) => {
      connection.subscribe('sum', { callback: (_error, { headers }) => resolve(headers!.get('Natsmith-Upload')) });
    });
    async function* endless(): AsyncGenerator<Amount> {
      for (;;) yield delay(1, { value: 1 });
    }
    const summing = till.sum(endless()).catch((error: unknown) => error);
    const spied = await control;
    await until(() => taken > 0);
    connection.publish(spied, 'cancel');
    expect(await summing).toMatchObject({ code: 499, description: 'the caller has given up its stream' });
    expect(failed).toMatchObject({ code: 499 });
  });

  test("a handler whose time is up does not take that for the items' end", async () => {
    await expect(till.slow(numbers(1000))).rejects.toMatchObject({ code: 504 });
    await until(() => failed !== undefined);
    expect(failed).toMatchObject({ code: 499 });
  });

  test('a lost item is an error of the call', async () => {
    const headers = library.headers();
    headers.set('Natsmith-Upload', '_INBOX.control');
    connection.subscribe('_INBOX.control', {
      callback(_error, message) {
        if (message.string().startsWith('credit') && taken++ === 0)
          for (const n of [1, 3]) {
            const item = library.headers();
            item.set('Natsmith-Seq', String(n));
            connection.publish(message.reply!, Buffer.from(String(n)), { headers: item, reply: '_INBOX.control' });
          }
      },
    });
    const reply = await connection.request('firstOver', '', { timeout: 1000, headers });
    expect(reply.headers?.get('Nats-Service-Error')).toBe('item 2 of the stream from the caller of firstOver was lost');
  });

  test('the death of a caller is not mistaken for the end of its items', async () => {
    const headers = library.headers();
    headers.set('Natsmith-Upload', '_INBOX.control');
    headers.set('Natsmith-Heartbeat', '50');
    const control = connection.subscribe('_INBOX.control', {
      callback(_error, message) {
        for (let n = 1; n <= 10; n++) {
          const item = library.headers();
          item.set('Natsmith-Seq', String(n));
          connection.publish(message.reply!, Buffer.from('{"value":1}'), { headers: item, reply: '_INBOX.control' });
        }
        control.unsubscribe();
      },
    });
    const reply = await connection.request('sum', '', { timeout: 1000, headers });
    expect(reply.headers?.get('Nats-Service-Error')).toBe('the caller of the stream is gone');
    expect(failed).toMatchObject({ code: 499 });
  });

  test('a caller that falls silent after its first item is given up after three heartbeats', async () => {
    const headers = library.headers();
    headers.set('Natsmith-Upload', '_INBOX.control');
    headers.set('Natsmith-Heartbeat', '50');
    let isSent = false;
    connection.subscribe('_INBOX.control', {
      callback(_error, message) {
        if (isSent) return;
        isSent = true;
        const item = library.headers();
        item.set('Natsmith-Seq', '1');
        connection.publish(message.reply!, Buffer.from('{"value":1}'), { headers: item, reply: '_INBOX.control' });
      },
    });
    const reply = await connection.request('sum', '', { timeout: 1000, headers });
    expect(reply.headers?.get('Nats-Service-Error-Code')).toBe('499');
    expect(reply.headers?.get('Nats-Service-Error')).toBe('the caller of the stream is gone');
  });

  test('a stream that cannot be asked for leaves no timer of its items behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers();
    const late = client.with({ deadline: new Date(Date.now() - 1000) });
    for (const items of [
      client.stream('double', items1to(3), { credit: -1 }),
      client.stream('double', items1to(3), { signal: AbortSignal.abort(new Error('left')) }),
      late.stream('double', items1to(3)),
    ])
      await expect(items[Symbol.asyncIterator]().next()).rejects.toThrow(
        /^(credit must be|left$|the request to double was not sent)/,
      );
    expect(timers()).toBe(before);
  });

  test('a caller that knows no streams sends one item, or none', async () => {
    expect((await connection.request('sum', '{"value":5}', { timeout: 1000 })).json()).toBe(5);
    expect((await connection.request('sum', '', { timeout: 1000 })).json()).toBe(0);
  });

  test('INFO says which way an endpoint streams, and what its items are', async () => {
    const [info] = await client.info('till');
    const metadata = Object.fromEntries(info!.endpoints.map(({ name, metadata }) => [name, metadata]));
    expect(metadata.sum!.stream).toBe('request');
    expect(metadata.double!.stream).toBe('both');
    expect(JSON.parse(metadata.sum!.request_schema!)).toMatchObject({ properties: { value: { type: 'number' } } });
  });
});

test('a stream of what cannot be checked is refused at bootstrap', async () => {
  class Bare {
    a: number;
  }
  @Service({ name: 'bad', version: '1.0.0' })
  class Bad {
    @Endpoint({ request: stream(Bare) })
    take(_: AsyncIterable<Bare>): void {}
  }
  await expect(NatsServiceFactory.create(Bad)).rejects.toThrow(/Bad.take .*Bare without a single validation decorator/);
});
