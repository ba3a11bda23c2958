import { ServiceClient, ServiceError, TimeoutError } from '@natsmith/client';
import { Endpoint, Service, type RequestContext } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type Message } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

const aborted: string[] = [];
let running = 0;

@Service({ name: 'worker', version: '1.0.0' })
class Worker {
  @Endpoint()
  fail(): never {
    throw new ServiceError(409, 'taken', { data: { by: 'me' }, headers: { 'X-One': 'a', 'X-Two': ['b', 'c'] } });
  }

  @Endpoint()
  async hang(_: undefined, ctx: RequestContext): Promise<void> {
    running++;
    await new Promise<void>((resolve) => {
      ctx.signal.addEventListener('abort', () => {
        aborted.push((ctx.signal.reason as ServiceError).message);
        resolve();
      });
    });
  }

  @Endpoint()
  async lateToListen(_: undefined, ctx: RequestContext): Promise<void> {
    running++;
    await delay(100);
    await this.hang(undefined, ctx);
  }

  @Endpoint()
  deaf(): Promise<void> {
    return delay(200);
  }

  @Endpoint()
  left(_: undefined, ctx: RequestContext): { left: number; trace: (string | undefined)[] } {
    const trace = ['traceparent', 'tracestate', 'baggage', 'X-Own'].map((name) => ctx.headers.get(name));
    return { left: ctx.deadline!.getTime() - Date.now(), trace };
  }

  @Endpoint({ request: 'unchecked' })
  echo(payload: unknown): unknown {
    return payload;
  }
}

/** Calls the next one with what is left of its own request. */
function relay(name: string, next: string, client: () => ServiceClient): new () => { pass(): Promise<unknown> } {
  @Service({ name, version: '1.0.0' })
  class Relay {
    @Endpoint({ subject: name })
    pass(_?: undefined, ctx?: RequestContext): Promise<unknown> {
      return client().with(ctx!).call(next);
    }
  }
  return Relay;
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;

  beforeEach(async () => {
    aborted.length = 0;
    running = 0;
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 60 } });
    await start(Worker, { connection: await library.connect() });
  });
  afterEach(() => client.close());

  describe('errors', () => {
    test('a service error has its code, description, data and headers', async () => {
      const error = await client.call('fail').catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject({ code: 409, description: 'taken', data: { by: 'me' } });
      expect((error as ServiceError).headers).toEqual({ 'X-One': 'a', 'X-Two': ['b', 'c'] });
    });

    test('nobody on the subject is a 503 at once', async () => {
      await expect(client.call('nobody.there', undefined, { timeout: 600_000 })).rejects.toMatchObject({
        name: 'ServiceError',
        code: 503,
        description: 'no responders on nobody.there',
      });
    });

    test('no reply in time is a TimeoutError with subject and time', async () => {
      connection.subscribe('silent');
      const error = await client.call('silent', undefined, { timeout: 30 }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ subject: 'silent', timeout: 30, message: 'silent did not answer within 30 ms' });
    });

    test("the client's timeout is that of calls which set none", async () => {
      connection.subscribe('silent');
      const hasty = new ServiceClient(connection, { timeout: 20 });
      await expect(hasty.call('silent')).rejects.toMatchObject({ timeout: 20 });
      await hasty.close();
    });

    test.each([
      ['', 'is empty'],
      ['a.*', 'may not contain "*"'],
      ['a b', 'white space'],
    ])('a call to the subject %j is refused: %s', async (subject, problem) => {
      await expect(client.call(subject)).rejects.toThrow(problem);
    });

    test('a time is milliseconds, or a string with a unit, wherever one is taken', async () => {
      connection.subscribe('silent');
      const brief = new ServiceClient(connection, { timeout: '30ms', discovery: { stall: '60ms' } });
      await expect(brief.call('silent')).rejects.toMatchObject({ timeout: 30 });
      await expect(client.call('silent', undefined, { timeout: '0.04s' })).rejects.toMatchObject({ timeout: 40 });
      const { deaf } = await client.service<Worker>('worker', { timeout: '50ms' });
      await expect(deaf()).rejects.toMatchObject({ timeout: 50 });
      expect(await brief.ping('worker', undefined, { timeout: '1s' })).toHaveLength(1);
      for await (const { type } of brief.watch({ interval: '1s' })) {
        expect(type).toBe('joined');
        break;
      }
      const live = client.stream('silent', undefined, { timeout: '60ms', heartbeat: '1s', itemTimeout: '1s' });
      await expect(live[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(TimeoutError);
      for (const timeout of ['soon', '5', '-1s'])
        await expect(client.call('silent', undefined, { timeout: timeout as never })).rejects.toThrow(
          'timeout must be a duration of 0 ms or more, in milliseconds or as a string such as "250ms"',
        );
      await brief.close();
    });

    test('an invalid timeout, a header that cannot be sent and a payload without JSON are refused', async () => {
      await expect(client.call('echo', 1, { timeout: 0 })).rejects.toThrow(
        'timeout must be a positive number of milliseconds, got 0',
      );
      await expect(client.call('echo', 1, { headers: { 'X-A': 'a\r\nb' } })).rejects.toThrow('line break');
      await expect(client.call('echo', () => 1)).rejects.toThrow('a function cannot be sent as JSON');
    });

    test("a payload over the server's limit is an error with both sizes, and the connection survives it", async () => {
      const { max_payload } = connection.info!;
      // The headers count, too.
      await expect(client.call('echo', Buffer.alloc(max_payload))).rejects.toThrow(
        new RegExp(`a message of \\d{7,} bytes for echo is over the server's max_payload \\(${max_payload} bytes\\)`),
      );
      expect(await client.call('echo', 1)).toBe(1);
    });

    test('calls of a closed client are refused, and those under way end', async () => {
      connection.subscribe('silent');
      const pending = client.call('silent');
      const expectation = expect(pending).rejects.toThrow('the client is closed');
      await delay(10);
      await client.close();
      await expectation;
      await expect(client.call('echo')).rejects.toThrow('the client is closed');
    });
  });

  describe('payloads', () => {
    test.each([[{ a: [1, null] }], ['text'], [0], [false], [null]])('%j goes and comes as it is', async (value) => {
      expect(await client.call('echo', value)).toEqual(value);
    });

    test('replies can be read as text and as bytes', async () => {
      expect(await client.call('echo', 'ä', { as: 'text' })).toBe('"ä"');
      expect(await client.call('echo', 1, { as: 'bytes' })).toEqual(Buffer.from('1'));
    });
  });

  describe('deadlines', () => {
    test('the service knows how long its caller waits', async () => {
      const { left } = await client.call<{ left: number }>('left', undefined, { timeout: 60_000 });
      expect(left).toBeGreaterThan(30_000);
      expect(left).toBeLessThanOrEqual(60_001);
    });

    test('calls made for a request carry on its deadline, whichever is sooner, and its trace headers', async () => {
      const headers = new Map([
        ['traceparent', '00-a'],
        ['tracestate', 's'],
        ['baggage', 'b'],
        ['X-Own', 'no'],
      ]);
      const ctx = { deadline: new Date(Date.now() + 60_000), headers };
      const { left, trace } = await client.with(ctx).call<{ left: number; trace: unknown[] }>('left');
      expect(left).toBeLessThanOrEqual(60_002);
      expect(trace).toEqual(['00-a', 's', 'b', null]);
      const own = await client
        .with(ctx)
        .call<{ left: number; trace: unknown[] }>('left', undefined, { timeout: 30_000, headers: { baggage: 'c' } });
      expect(own.left).toBeLessThanOrEqual(30_001);
      expect(own.trace).toEqual(['00-a', 's', 'c', null]);
    });

    test('a deadline that has passed is an error before anything is sent', async () => {
      const sent: Message[] = [];
      connection.subscribe('silent', { callback: (_error, message) => sent.push(message) });
      await expect(client.with({ deadline: new Date(Date.now() - 1) }).call('silent')).rejects.toThrow(
        'the request to silent was not sent, because its deadline has passed',
      );
      await connection.flush();
      expect(sent).toEqual([]);
    });

    test('one deadline goes through three services, and ends in all of them', async () => {
      await start(
        [
          relay('first', 'second', () => client),
          relay('second', 'third', () => client),
          relay('third', 'hang', () => client),
        ],
        { connection: await library.connect() },
      );
      // Caller and services see the same moment pass; who is first to say so is a matter of a millisecond.
      await expect(client.call('first', undefined, { timeout: 150 })).rejects.toThrow(
        /first did not answer within 150 ms|504: timeout/,
      );
      await until(() => aborted.length === 1);
      expect(aborted).toEqual([expect.stringMatching(/^504: timeout|^499: cancelled by the caller/)]);
    });

    test('closing a client made by with() closes nothing', async () => {
      await client.with({}).close();
      expect(await client.call('echo', 1)).toBe(1);
    });
  });

  describe('cancellation', () => {
    test("aborting the caller's signal rejects with its reason and aborts the handler's", async () => {
      const abort = new AbortController();
      const call = client.call('hang', undefined, { signal: abort.signal });
      await until(() => running === 1);
      abort.abort(new Error('changed my mind'));
      await expect(call).rejects.toThrow('changed my mind');
      await until(() => aborted.length === 1);
      expect(aborted).toEqual(['499: cancelled by the caller']);
    });

    test('a handler that reads its signal only after the cancel finds it aborted', async () => {
      const abort = new AbortController();
      const call = client.call('lateToListen', undefined, { signal: abort.signal });
      await until(() => running === 1);
      abort.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      await until(() => aborted.length === 1);
      expect(aborted).toEqual(['499: cancelled by the caller']);
    });

    test('a signal that is aborted already sends nothing', async () => {
      await expect(client.call('hang', undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        name: 'AbortError',
      });
      await delay(20);
      expect(running).toBe(0);
    });

    test('it goes through the services between', async () => {
      await start([relay('first', 'second', () => client), relay('second', 'hang', () => client)], {
        connection: await library.connect(),
      });
      const abort = new AbortController();
      const call = client.call('first', undefined, { signal: abort.signal });
      await until(() => running === 1);
      abort.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      await until(() => aborted.length === 1);
      expect(aborted).toEqual(['499: cancelled by the caller']);
    });

    test('a service subscribes to nothing for it until a handler looks at its signal, and leaves nothing behind', async () => {
      const own = await library.connect();
      const subscribed: string[] = [];
      const { subscribe } = own;
      own.subscribe = (subject, options) => {
        subscribed.push(subject);
        return subscribe.call(own, subject, options);
      };
      @Service({ name: 'lazy', version: '1.0.0' })
      class Lazy {
        @Endpoint()
        blind(): number {
          return 1;
        }
        @Endpoint()
        seeing(_: undefined, ctx: RequestContext): boolean {
          return ctx.signal.aborted;
        }
      }
      await start(Lazy, { connection: own });
      subscribed.length = 0;
      const { signal } = new AbortController();
      expect(await client.call('blind', undefined, { signal })).toBe(1);
      expect(subscribed).toEqual([]);
      expect(await client.call('seeing', undefined, { signal })).toBe(false);
      expect(subscribed).toEqual([expect.stringMatching(/^_INBOX\..*\.cancel$/)]);
      expect(await client.call('seeing')).toBe(false);
      expect(subscribed).toHaveLength(1);
    });

    test('a caller cannot make the service listen to another subject', async () => {
      await connection
        .request('hang', '', { timeout: 100, headers: headersOf({ 'Natsmith-Cancel': '>' }) })
        .catch(() => undefined);
      await until(() => running === 1);
      connection.publish('anything.cancel');
      await until(() => aborted.length === 1);
      expect(aborted).toEqual(['504: timeout']);
      function headersOf(lines: Record<string, string>) {
        const headers = library.headers();
        for (const [name, value] of Object.entries({ ...lines, 'Natsmith-Timeout': '200' })) headers.set(name, value);
        return headers;
      }
    });
  });
});
