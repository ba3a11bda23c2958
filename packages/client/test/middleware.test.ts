import { type ClientContext, event, ServiceClient } from '@natsmith/client';
import { Endpoint, type RequestContext, Service, ServiceError } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

@Service({ name: 'echo', version: '1.0.0' })
class Echo {
  @Endpoint({ subject: '{id}.trace' })
  trace(_: undefined, ctx: RequestContext): string | undefined {
    ctx.replyHeaders.set('Who', 'echo');
    return ctx.headers.get('traceparent');
  }

  @Endpoint()
  fail(): never {
    throw new ServiceError(409, 'taken');
  }

  @Endpoint()
  async *count(): AsyncGenerator<number> {
    for (let i = 1; i <= 3; i++) yield await Promise.resolve(i);
  }

  @Endpoint({ request: 'unchecked' })
  big(size: number): string {
    return 'x'.repeat(size);
  }
}

const Told = event('told.{id}', String);

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let client: ServiceClient<Connection>;
  beforeEach(async () => {
    const connection = await library.connect();
    await start(Echo, { connection });
    client = new ServiceClient(connection);
  });

  test('request() returns the whole reply', async () => {
    const { data, headers, subject } = await client.request<undefined>('1.trace');
    expect({ data, who: headers.get('Who'), subject }).toEqual({ data: undefined, who: 'echo', subject: '1.trace' });
    expect((await client.request<string>('big', 2_000_000)).data).toHaveLength(2_000_000);
    await expect(client.request('nobody')).rejects.toMatchObject({ code: 503 });
  });

  test('middleware wraps calls, streams and publishes in the order of use, and knows where they go', async () => {
    const seen: unknown[] = [];
    client.use((ctx, next) => {
      const { kind, subject, template, service, method } = ctx;
      seen.push({ kind, subject, template, service, method });
      return next();
    });
    const echo = await client.service<Echo>('echo');
    await echo.trace(undefined, { params: { id: 'a' } });
    await client.call('b.trace');
    for await (const _ of echo.count());
    for await (const _ of client.stream('count'));
    await client.publish(Told, 'x', { params: { id: 'c' } });
    const by = { service: 'echo' };
    const none = { service: undefined, method: undefined };
    expect(seen).toEqual([
      { kind: 'call', subject: 'a.trace', template: '{id}.trace', ...by, method: 'trace' },
      { kind: 'call', subject: 'b.trace', template: 'b.trace', ...none },
      { kind: 'stream', subject: 'count', template: 'count', ...by, method: 'count' },
      { kind: 'stream', subject: 'count', template: 'count', ...none },
      { kind: 'publish', subject: 'told.c', template: 'told.{id}', ...none },
    ]);
  });

  test('next() resolves to the value, or to the iterable of a stream; what middleware returns is the result', async () => {
    client.use(async (ctx, next) => {
      const result = await next();
      if (ctx.kind !== 'stream') return `<${String(result)}>`;
      return (async function* () {
        for await (const item of result as AsyncIterable<number>) yield item * 10;
      })();
    });
    expect(await client.call('1.trace', undefined, { headers: { traceparent: 't' } })).toBe('<t>');
    const items: unknown[] = [];
    for await (const item of client.stream('count')) items.push(item);
    expect(items).toEqual([10, 20, 30]);
  });

  test('errors pass through it, those of an opening stream too', async () => {
    const seen: unknown[] = [];
    client.use(async (_ctx, next) => {
      try {
        return await next();
      } catch (error) {
        seen.push((error as ServiceError).code);
        throw error;
      }
    });
    await expect(client.call('fail')).rejects.toMatchObject({ code: 409 });
    const nobody = client.stream('nobody')[Symbol.asyncIterator]();
    await expect(nobody.next()).rejects.toMatchObject({ code: 503 });
    expect(seen).toEqual([409, 503]);
  });

  test('a trace that middleware sets wins over the one that is carried on', async () => {
    const carrying = client.with({ headers: { get: (name) => (name === 'traceparent' ? 'incoming' : undefined) } });
    expect(await carrying.call('1.trace')).toBe('incoming');
    const before: unknown[] = [];
    client.use((ctx: ClientContext, next) => {
      before.push(ctx.headers.get('traceparent'));
      ctx.headers.set('traceparent', 'span');
      return next();
    });
    expect(await carrying.call('1.trace')).toBe('span');
    expect(before).toEqual(['incoming']);
  });

  test('middleware of a client made by with() is its own', async () => {
    let count = 0;
    client.with({}).use((_ctx, next) => (count++, next()));
    await client.call('1.trace');
    expect(count).toBe(0);
  });

  test('calling next() twice and not awaiting it are reported by name', async () => {
    const twice = client.with({}).use(async function again(_ctx, next) {
      await next();
      return next();
    });
    await expect(twice.call('1.trace')).rejects.toThrow('client middleware again called next() twice; call it once');
    const lost = client.with({}).use(function careless(_ctx, next) {
      void next();
      return 1;
    });
    await expect(lost.call('fail')).rejects.toThrow('client middleware careless did not await next()');
    expect(() => client.use(5 as never)).toThrow(
      'client middleware must be a function (ctx, next) => result, got number',
    );
  });

  test('the first call waits for no more than the first instance that satisfies', async () => {
    const patient = new ServiceClient(client.connection, { discovery: { timeout: 600_000, stall: 600_000 } });
    const echo = await patient.service<Echo>('echo', { version: '^1.0.0' });
    expect(await echo.trace(undefined, { params: { id: 1 } })).toBeUndefined();
    await patient.close();
  });
});
