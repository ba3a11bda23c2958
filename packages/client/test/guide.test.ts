// The examples of docs/guide/client.md, docs/guide/streams.md and packages/client/README.md.
import {
  clientChannels,
  event,
  ServiceClient,
  ServiceError,
  StreamError,
  TimeoutError,
  type ClientOperation,
} from '@natsmith/client';
import {
  Endpoint,
  Group,
  NatsServiceFactory,
  Service,
  stream,
  type NatsServiceHost,
  type RequestContext,
} from '@natsmith/core';
import { startServer, type TestServer } from '@natsmith/testing';
import { IsNumber } from 'class-validator';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';

class Operands {
  @IsNumber() a: number;
  @IsNumber() b: number;
}

@Service({ name: 'calculator', version: '1.0.0' })
@Group('math')
class Calculator {
  @Endpoint()
  add({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint()
  divide({ a, b }: Operands): number {
    if (b === 0) throw new ServiceError(400, 'division by zero', { data: { a } });
    return a / b;
  }

  @Endpoint({ subject: '{list}.at.{index}' })
  at(_: undefined, { params }: RequestContext): string {
    return `${params.list}/${params.index}`;
  }

  // #region large-handler
  @Endpoint({ maxBody: 8 * 1024 * 1024 })
  sum(bytes: Uint8Array): number {
    return bytes.reduce((sum, byte) => sum + byte, 0);
  }
  // #endregion

  @Endpoint({ queueGroup: false })
  load(): number {
    return 0.5;
  }

  // #region upload-handler
  @Endpoint({ request: stream(Operands) })
  async *addAll(pairs: AsyncIterable<Operands>): AsyncGenerator<number> {
    for await (const { a, b } of pairs) yield a + b;
  }
  // #endregion

  @Endpoint({ request: Number })
  async *count(to: number): AsyncGenerator<number> {
    for (let n = 1; n <= to; n++) yield n;
  }
}

let server: TestServer;
let host: NatsServiceHost;
let client: ServiceClient;
const printed: unknown[] = [];
const print = (...values: unknown[]): number => printed.push(...values);

beforeAll(async () => {
  server = await startServer('broker');
  host = await NatsServiceFactory.create(Calculator, {
    connection: { servers: server.url },
    logger: false,
    signals: false,
  });
  client = await ServiceClient.connect({ connection: { servers: server.url } });
});
beforeEach(() => {
  printed.length = 0;
});
afterAll(async () => {
  await client.close();
  await host.stop();
  await server.stop();
});

test('a call', async () => {
  // #region call
  const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0' });
  const sum = await calculator.add({ a: 1, b: 2 }); // a number
  const where = await calculator.at(undefined, { params: { list: 'primes', index: 3 } }); // on math.primes.at.3
  // #endregion
  expect([sum, where]).toEqual([3, 'primes/3']);
});

test('a large payload', async () => {
  const calculator = await client.service<Calculator>('calculator');
  // #region large
  const sum = await calculator.sum(Buffer.alloc(5_000_000, 1)); // 5 MB
  // #endregion
  expect(sum).toBe(5_000_000);
});

test('errors', async () => {
  const calculator = await client.service<Calculator>('calculator');
  // #region errors
  try {
    await calculator.divide({ a: 1, b: 0 }, { timeout: 500 });
  } catch (error) {
    if (error instanceof ServiceError)
      print(error.code, error.description, error.data); // 400, division by zero, { a: 1 }
    else if (error instanceof TimeoutError)
      print(error.message); // math.divide did not answer within 500 ms
    else throw error;
  }
  // #endregion
  expect(printed).toEqual([400, 'division by zero', { a: 1 }]);
});

test('subjects', async () => {
  // #region subjects
  const calculator = await client.service<Calculator>('calculator', { version: '^1.0.0', subjects: 'math.>' });
  // #endregion
  expect(await calculator.add({ a: 1, b: 2 })).toBe(3);
});

test('discovery', async () => {
  // #region discovery
  const services = await client.ping(); // all of them, as an array
  for await (const { name, id, rtt } of client.ping('calculator')) print(name, id, rtt); // each as it answers
  const [stats] = await client.stats('calculator');
  // #endregion
  expect(services).toHaveLength(1);
  expect(printed[0]).toBe('calculator');
  expect(stats?.name).toBe('calculator');
});

test('problems', async () => {
  const broken = client.connection.subscribe('$SRV.INFO', {
    callback: (_error: unknown, message: { respond(body: string): boolean }) => message.respond('{"name":"faulty"}'),
  });
  // #region problems
  const services = await client.info();
  for (const { from, reason } of services.problems) print(from?.name, reason);
  // #endregion
  broken.unsubscribe();
  expect(printed).toEqual(['faulty', 'service "faulty": "id" is missing']);
});

test('watch', async () => {
  // #region watch
  for await (const { type, service } of client.watch({ interval: 500 })) {
    print(`${service.name} ${service.version} ${type}`); // calculator 1.0.0 joined
    break;
  }
  // #endregion
  expect(printed).toEqual(['calculator 1.0.0 joined']);
});

test('gather', async () => {
  // #region gather
  for await (const reply of client.gather<number>({ service: 'calculator', endpoint: 'load' }))
    print(reply.ok ? reply.value : reply.error.message);
  // #endregion
  expect(printed).toEqual([0.5]);
});

test('policies', async () => {
  // #region policy
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
  const calculator = await client.service<Calculator>('calculator', { policy });
  // #endregion
  expect(await calculator.add({ a: 1, b: 1 })).toBe(2);
});

test('calls made for a request', async () => {
  const ctx = { deadline: new Date(Date.now() + 1000), signal: new AbortController().signal };
  // #region with
  const calculator = await client.with(ctx).service<Calculator>('calculator'); // ctx is a handler's context
  const sum = await calculator.add({ a: 1, b: 2 });
  // #endregion
  expect(sum).toBe(3);
});

test('a stream', async () => {
  const calculator = await client.service<Calculator>('calculator');
  // #region stream
  try {
    for await (const n of calculator.count(1_000_000, { credit: 64 })) {
      print(n);
      if (n === 10) break; // the producer stops
    }
  } catch (error) {
    if (error instanceof StreamError)
      print(error.message); // an item was lost, or the producer is gone
    else throw error;
  }
  // #endregion
  expect(printed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a stream both ways', async () => {
  const calculator = await client.service<Calculator>('calculator');
  // #region upload
  async function* pairs(): AsyncGenerator<Operands> {
    for (let a = 1; a <= 3; a++) yield { a, b: 10 * a };
  }
  for await (const sum of calculator.addAll(pairs())) print(sum); // 11, 22, 33
  // #endregion
  expect(printed).toEqual([11, 22, 33]);
});

test('the whole reply', async () => {
  // #region request
  const { data, headers } = await client.request<number>('math.add', { a: 1, b: 2 });
  // #endregion
  expect([data, headers.get('Nobody')]).toEqual([3, undefined]);
});

test('middleware', async () => {
  const print = jest.fn();
  const everyday = client;
  client = client.with({});
  // #region use
  client.use(async (ctx, next) => {
    ctx.headers.set('Tenant', 'acme');
    try {
      return await next();
    } catch (error) {
      print(ctx.kind, ctx.subject, error);
      throw error;
    }
  });
  // #endregion
  await expect(client.call('math.divide', { a: 1, b: 0 })).rejects.toThrow();
  client = everyday;
  expect(print).toHaveBeenCalledWith('call', 'math.divide', expect.any(ServiceError));
});

test('diagnostics channels', async () => {
  const print = jest.fn();
  // #region channels
  clientChannels.call.asyncEnd.subscribe((message) => {
    const { service, template, attempts, code } = message as ClientOperation;
    print(service, template, attempts, code); // calculator, math.divide, 1, 400
  });
  // #endregion
  const calculator = await client.service<Calculator>('calculator');
  await expect(calculator.divide({ a: 1, b: 0 })).rejects.toThrow();
  expect(print).toHaveBeenCalledWith('calculator', 'math.divide', 1, 400);
});

test('events', async () => {
  const print = jest.fn();
  const stop = new AbortController();
  const { signal } = stop;
  // #region events
  const Added = event('math.{list}.added', Operands);

  const added = client.subscribe(Added, { signal });
  await client.publish(Added, { a: 1, b: 2 }, { params: { list: 'mine' } });
  for await (const { payload, params } of added) {
    print(params.list, payload.a);
    break;
  }
  // #endregion
  expect(print).toHaveBeenCalledWith('mine', 1);
});
