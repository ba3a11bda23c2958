import { event, ServiceClient, type CallOptions } from '@natsmith/client';
import { Endpoint, Service, stream } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

let handled = 0;

@Service({ name: 'desk', version: '1.0.0' })
class Desk {
  @Endpoint({ subject: 'desk.{id}.get' })
  get(): string {
    handled++;
    return 'got';
  }

  @Endpoint({ request: 'unchecked' })
  plain(payload: unknown): string {
    handled++;
    return typeof payload;
  }

  @Endpoint({ request: 'unchecked' })
  async *list(payload: unknown): AsyncGenerator<string> {
    handled++;
    yield typeof payload;
  }

  @Endpoint({ request: stream(Number) })
  async sum(numbers: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const n of numbers) sum += n;
    return sum;
  }
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: ServiceClient;
  let desk: Awaited<ReturnType<typeof client.service<Desk>>>;

  beforeEach(async () => {
    handled = 0;
    connection = await library.connect();
    client = new ServiceClient(connection, { discovery: { stall: 20 } });
    await start(Desk, { connection: await library.connect() });
    desk = await client.service<Desk>('desk');
  });
  afterEach(async () => {
    expect(handled).toBe(0);
    await client.close();
  });

  describe('headers of a call, a stream and gather', () => {
    test.each([
      [
        5,
        'the value of header "X-Id" is of type number; a header value is a string, or an array of strings: convert it',
      ],
      [true, 'is of type boolean; a header value is a string'],
      [
        undefined,
        'the value of header "X-Id" is undefined; a header value is a string, or an array of strings: leave the',
      ],
      [null, 'is null; a header value is a string'],
      [{}, 'is of type object; a header value is a string'],
      [['a', 5], 'is of type number; a header value is a string'],
      ['a\r\nPUB x 0\r\n', 'contains a line break or NUL; a header value is one line'],
    ])('with the value %j are refused', async (value, problem) => {
      const options = { headers: { 'X-Id': value } } as unknown as CallOptions;
      await expect(client.call('plain', 1, options)).rejects.toThrow(problem);
      await expect(desk.plain(1, options)).rejects.toThrow(problem);
      await expect(client.stream('list', 1, options)[Symbol.asyncIterator]().next()).rejects.toThrow(problem);
      await expect(client.gather('plain', 1, options)).rejects.toThrow(problem);
      await expect(desk.sum(numbers(), options)).rejects.toThrow(problem);
    });

    test.each(['', 'a b', 'a:b', 'a\r\nb', 'ä'])('with the name %j are refused', async (name) => {
      await expect(client.call('plain', 1, { headers: { [name]: 'x' } })).rejects.toThrow('is not a header name; use');
    });

    test.each([null, 'a: b', new Map([['a', 'b']]), [['a', 'b']]])('given as %p are refused', async (headers) => {
      await expect(client.call('plain', 1, { headers } as unknown as CallOptions)).rejects.toThrow(
        'headers must be an object of names and values',
      );
    });
  });

  describe('options', () => {
    const items = (stream: AsyncIterable<unknown>) => stream[Symbol.asyncIterator]().next();
    const endless = new AbortController().signal;
    const Ticked = event('ticks.{id}', 'unchecked');
    const takers: Record<string, (options: never) => Promise<unknown>> = {
      'call()': (options) => client.call('plain', 1, options),
      'request()': (options) => client.request('plain', 1, options),
      'desk.plain()': (options) => desk.plain(1, options),
      'desk.list()': async (options) => items(desk.list(1, options)),
      'stream()': async (options) => items(client.stream('list', 1, options)),
      'gather()': async (options) => client.gather('plain', 1, options),
      'requestMany()': async (options) => client.requestMany('plain', undefined, options),
      'publish()': (options) => client.publish(Ticked, 1, options),
      'subscribe()': async (options) => client.subscribe(Ticked, options),
      'watch()': async (options) => items(client.watch(options)),
      'service()': (options) => client.service('desk', options),
      'ping()': async (options) => client.ping('desk', undefined, options),
      'ServiceClient.connect()': (options) => ServiceClient.connect(options),
      'new ServiceClient()': async (options) => new ServiceClient(connection, options),
    };

    test.each(Object.entries(takers))(
      'of %s that are not objects or have unknown names are refused',
      async (name, take) => {
        for (const value of [null, 5, 'abc', []]) await expect(take(value as never)).rejects.toThrow(`${name} has `);
        await expect(take({ unknown: 1 } as never)).rejects.toThrow(
          `${name} has an unknown option "unknown"; the options`,
        );
      },
    );

    test.each(['call()', 'request()', 'desk.plain()', 'desk.list()', 'stream()', 'service()'])(
      'of %s with a misspelt name are refused, and the nearest one is named',
      async (name) => {
        const options = { timout: 5 } as never;
        await expect(takers[name]!(options)).rejects.toThrow('unknown option "timout"; did you mean "timeout"?');
      },
    );

    test.each([
      [{ signal: {} }, '"signal" that must be an AbortSignal, got an object'],
      [{ signal: null }, '"signal" that must be an AbortSignal, got null'],
      [{ as: 'xml' }, '"as" that must be "json", "text" or "bytes", got "xml"'],
      [{ policy: {} }, '"policy" that must be a policy of cockatiel, or an object with execute(call, signal), got an'],
      [{ retries: -1 }, '"retries" that must be a number, 0 or more, got -1'],
      [{ retries: '3' }, '"retries" that must be a number, 0 or more, got "3"'],
    ])('of a call, a method and a stream, %j, are refused', async (options, problem) => {
      for (const name of ['call()', 'request()', 'desk.plain()', 'desk.list()', 'stream()'])
        await expect(takers[name]!(options as never)).rejects.toThrow(`${name} has an option ${problem}`);
    });

    test.each([
      ['watch()', { signal: {} }, '"signal" that must be an AbortSignal'],
      ['subscribe()', { signal: {} }, '"signal" that must be an AbortSignal'],
      ['subscribe()', { onInvalid: 5 }, '"onInvalid" that must be a function'],
      ['service()', { id: 5 }, '"id" that must be a string, got 5'],
      ['service()', { subjects: 5 }, '"subjects" that must be a subject or an array of them'],
      ['new ServiceClient()', { inboxes: 'my.inbox' }, '"inboxes" that must be an array of inbox prefixes'],
    ])('of %s, %j, are refused', async (name, options, problem) => {
      await expect(takers[name]!(options as never)).rejects.toThrow(`${name} has an option ${problem}`);
    });

    test('that are undefined, or in the place of a class, are none', async () => {
      class Options {
        timeout = 1_000;
        signal = endless;
        timout = undefined;
      }
      await expect(client.call('nobody', 1, new Options())).rejects.toMatchObject({ code: 503 });
    });

    test('an invalid context, body or connection is named in the error', async () => {
      expect(() => client.with(null as never)).toThrow('with() takes the context of a handler, got null');
      expect(() => client.with({ headers: {} } as never)).toThrow('"headers" that must be an object with get(name)');
      expect(() => client.requestMany('plain', 1 as never)).toThrow(
        'requestMany() sends a Uint8Array, got 1; encode it',
      );
      for (const value of [undefined, null, {}, 5])
        expect(() => new ServiceClient(value as never)).toThrow('a ServiceClient needs a live connection of nats or');
      await expect(client.gather('plain', 1, { params: { id: 1 } })).rejects.toThrow('has no token {id}; remove it');
    });
  });

  describe('params', () => {
    test.each([
      [undefined, 'desk.{id}.get needs a value for {id}; call with { params: { id: ... } }'],
      [null, 'desk.{id}.get needs a value for {id}; call with'],
      [{}, 'needs a value for {id}'],
      [{ id: undefined }, 'needs a value for {id}'],
      [{ id: null }, 'needs a value for {id}, and null is none; call with { params: { id: ... } }'],
      [{ id: Number.NaN }, 'params.id is NaN; a value in the subject desk.{id}.get is a string or a finite number'],
      [{ id: {} }, 'params.id is of type object; a value in the subject desk.{id}.get is a string or a finite number'],
      [{ id: '' }, 'params.id is ""; a value in the subject desk.{id}.get must not be empty'],
      [{ id: 'a.b' }, 'params.id is "a.b"'],
      [{ id: 'a b' }, 'params.id is "a b"'],
      [{ id: '*' }, 'params.id is "*"'],
      [{ id: '>' }, 'params.id is ">"'],
      [{ id: 'a\r\nb' }, 'params.id is "a\\r\\nb"'],
      [{ id: 'a', other: 'b' }, 'has no token {other}; remove it from "params"'],
      ['a', 'params must be an object such as { name: value }, got a string'],
    ])('%j are refused, and the token is named', async (params, problem) => {
      await expect(desk.get(undefined, { params } as unknown as CallOptions)).rejects.toThrow(problem);
    });

    test('a subject with a named token says how its value is given', async () => {
      const problem = 'the subject desk.{id}.get needs a value for {id}; call with { params: { id: ... } }';
      await expect(client.call('desk.{id}.get')).rejects.toThrow(problem);
      await expect(client.request('desk.{id}.get')).rejects.toThrow(problem);
      expect(() => client.stream('desk.{id}.get')).toThrow(problem);
      await expect(client.gather('desk.{id}.get')).rejects.toThrow(problem);
      expect(() => client.requestMany('desk.{id}.get')).toThrow('the named token {id}; write its value in its place');
    });

    test('a subject without a named token takes none, and one with a wildcard is refused', async () => {
      await expect(client.call('desk.7.get', undefined, { params: { id: 7 } })).rejects.toThrow(
        'the subject desk.7.get has no token {id}; remove it from "params"',
      );
      await expect(client.call('desk.{id}.*', undefined, { params: { id: 7 } })).rejects.toThrow('may not contain "*"');
    });
  });

  describe('a payload that JSON would silently make {} of', () => {
    test.each<[object, string]>([
      [new Map([['a', 1]]), 'a Map, which has no JSON form; send Object.fromEntries(map)'],
      [{ rows: [{ tags: new Set(['a']) }] }, '"rows.0.tags" holds a Set, which has no JSON form; send [...set]'],
      [{ error: new Error('no') }, '"error" holds an Error, which has no JSON form'],
      [{ later: Promise.resolve(1) }, '"later" holds a Promise, which has no JSON form; await it'],
      // Where the runtime gives it a form, as Bun does, it is sent.
      ...('toJSON' in URLSearchParams.prototype
        ? []
        : ([[new URLSearchParams('a=1'), 'an URLSearchParams, which has no JSON form; send [...it]']] as [
            object,
            string,
          ][])),
    ])('is refused, and the place is named: %p', async (payload, problem) => {
      await expect(client.call('plain', payload)).rejects.toThrow(problem);
      await expect(desk.plain(payload)).rejects.toThrow(problem);
      await expect(client.stream('list', payload)[Symbol.asyncIterator]().next()).rejects.toThrow(problem);
      await expect(client.gather('plain', payload)).rejects.toThrow(problem);
    });
  });

  describe('a stream as payload', () => {
    test('is refused by the service, where the caller cannot know that it takes none', async () => {
      const refusal = { code: 400, description: 'this endpoint does not accept a stream; send one payload' };
      await expect(client.call('plain', numbers())).rejects.toMatchObject(refusal);
      await expect(client.stream('list', numbers())[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal);
    });

    test('is refused where the endpoint takes none, before anything is sent or read', async () => {
      const problem = '"plain" of service "desk" does not accept a stream (INFO metadata "stream"); send one payload';
      const before = connection.stats().outMsgs;
      await expect(desk.plain(numbers())).rejects.toThrow(problem);
      await expect(desk.list(numbers())[Symbol.asyncIterator]().next()).rejects.toThrow('"list" of service "desk"');
      expect(connection.stats().outMsgs).toBe(before);
    });

    test('is taken where it says so', async () => {
      expect(await desk.sum(numbers())).toBe(3);
    });
  });
});
