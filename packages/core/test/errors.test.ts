import { Endpoint, Service, ServiceError, type RequestContext } from '@natsmith/core';
import { type EndpointStats } from '@natsmith/protocol';
import { type Connection, type Message } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';

const CODE = 'Nats-Service-Error-Code';
const DESCRIPTION = 'Nats-Service-Error';
const REQUEST_ID = 'Natsmith-Request-Id';
const SECRET = 'postgres://admin:hunter2@db';
const MAX_PAYLOAD = 64 * 1024;

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

const hostile = {
  toString() {
    throw new Error('no text for you');
  },
  get message(): string {
    throw new Error('no message for you');
  },
  toJSON() {
    throw new Error('no JSON for you');
  },
};

const thrown: Record<string, unknown> = {
  'an Error': new Error(SECRET),
  'a text': SECRET,
  undefined: undefined,
  null: null,
  'a number': 42,
  'a symbol': Symbol(SECRET),
  'a BigInt': 10n,
  'a function': () => SECRET,
  'an object without a prototype': Object.assign(Object.create(null) as object, { SECRET }),
  'a cyclic object': cyclic,
  'an object whose toString throws': hostile,
  'a frozen Error': Object.freeze(new Error(SECRET)),
  'an Error with a cyclic cause': (() => {
    const error = new Error(SECRET);
    error.cause = error;
    return error;
  })(),
};

const unserialisable: Record<string, unknown> = {
  'a BigInt': 1n,
  'a BigInt deep inside': { a: [{ b: 1n }] },
  'a cycle': cyclic,
  'a function': () => 1,
  'a symbol': Symbol('x'),
  'an object whose toJSON throws': hostile,
};

@Service({ name: 'errors', version: '1.0.0' })
class Errors {
  @Endpoint()
  fine(): string {
    return 'fine';
  }

  @Endpoint()
  coded(): never {
    throw new ServiceError(404, 'no such order', {
      data: { id: 7 },
      headers: { 'X-Why': 'gone', 'X-Many': ['1', '2'] },
    });
  }

  @Endpoint()
  bare(): never {
    throw new ServiceError(400, 'bad');
  }

  @Endpoint()
  async rejected(): Promise<never> {
    await new Promise((resolve) => setImmediate(resolve));
    throw new ServiceError(409, 'taken');
  }

  @Endpoint({ request: 'unchecked' })
  own(_: unknown, ctx: RequestContext): never {
    ctx.replyHeaders.set('X-Kept', 'by the handler');
    ctx.replyHeaders.set('X-Both', 'by the handler');
    ctx.replyHeaders.set(CODE, '1');
    throw new ServiceError(400, 'mine', {
      headers: { 'X-Both': 'by the error', [CODE]: '2', [DESCRIPTION]: 'not mine' },
    });
  }

  @Endpoint({ request: 'unchecked' })
  described(description: string): never {
    throw new ServiceError(400, description);
  }

  @Endpoint({ request: 'unchecked' })
  withHeader([name, value]: [string, string]): never {
    throw new ServiceError(400, 'with a header', { headers: { [name]: value } });
  }

  @Endpoint({ request: 'unchecked' })
  setsHeader([name, value]: [string, string], ctx: RequestContext): string {
    ctx.replyHeaders.set(name, value);
    return 'set';
  }

  @Endpoint({ request: 'unchecked' })
  withCode(code: unknown): never {
    throw new ServiceError((code === 'NaN' ? NaN : code) as number, 'odd code');
  }

  @Endpoint({ request: 'unchecked' })
  withData(what: string): never {
    throw new ServiceError(400, 'with data', { data: unserialisable[what] });
  }

  @Endpoint()
  bytes(): never {
    throw new ServiceError(400, 'raw', { data: new Uint8Array([1, 2, 255]) });
  }

  @Endpoint()
  caused(): never {
    throw new ServiceError(502, 'upstream failed', { cause: new Error(SECRET) });
  }

  @Endpoint({ request: 'unchecked' })
  throws(what: string): never {
    throw thrown[what];
  }

  @Endpoint({ request: 'unchecked' })
  async rejects(what: string): Promise<never> {
    await new Promise((resolve) => setImmediate(resolve));
    throw thrown[what];
  }

  @Endpoint({ request: 'unchecked' })
  returns(what: string): unknown {
    return unserialisable[what];
  }

  @Endpoint({ request: 'unchecked' })
  large(size: number): Uint8Array {
    return new Uint8Array(size);
  }

  @Endpoint({ request: 'unchecked' })
  largeWithHeader(size: number, ctx: RequestContext): Uint8Array {
    ctx.replyHeaders.set('X-Large', 'x'.repeat(100));
    return new Uint8Array(size);
  }

  @Endpoint({ request: 'unchecked' })
  largeError(size: number): never {
    throw new ServiceError(400, 'large', { data: 'x'.repeat(size) });
  }

  @Endpoint({ request: 'unchecked' })
  largeHeader(size: number): never {
    throw new ServiceError(400, 'large', { headers: { 'X-Large': 'x'.repeat(size) } });
  }
}

@Service({ name: 'neighbour', version: '1.0.0' })
class Neighbour {
  @Endpoint()
  next(): string {
    return 'door';
  }
}

function errorOf(reply: Message): { code?: string; description?: string; body: string } {
  return { code: reply.headers?.get(CODE), description: reply.headers?.get(DESCRIPTION), body: reply.string() };
}

onEachServerAndClient(
  (_server, client) => {
    const hosts = useHosts();
    let nc: Connection;
    let log: Log;
    let stats: (endpoint: string) => Promise<EndpointStats | undefined>;
    const ask = (endpoint: string, body?: unknown): Promise<Message> =>
      nc.request(endpoint, body === undefined ? '' : JSON.stringify(body), { timeout: 2000 });

    beforeEach(async () => {
      nc = await client.connect();
      log = new Log();
      const { service } = await hosts.start([Errors, Neighbour], { connection: await client.connect(), logger: log });
      stats = async (name) => (await service.stats()).endpoints.find((endpoint) => endpoint.name === name);
    });

    describe('each failure harms nobody else, and', () => {
      // Whatever a test did: the connection, the service and its neighbour go on.
      afterEach(async () => {
        expect((await ask('fine')).json()).toBe('fine');
        expect((await ask('next')).json()).toBe('door');
      });

      describe('a ServiceError', () => {
        it('is a reply with the two headers, its own headers, and its data as the body', async () => {
          const reply = await ask('coded');
          expect(errorOf(reply)).toEqual({ code: '404', description: 'no such order', body: '{"id":7}' });
          expect(reply.headers?.keys().sort()).toEqual([DESCRIPTION, CODE, 'X-Many', 'X-Why'].sort());
          expect(reply.headers?.get('X-Why')).toBe('gone');
          expect(reply.headers?.values('X-Many')).toEqual(['1', '2']);
        });

        it('without data has an empty body', async () => {
          expect(errorOf(await ask('bare'))).toEqual({ code: '400', description: 'bad', body: '' });
        });

        it('with bytes as its data sends them as they are', async () => {
          expect([...(await ask('bytes')).data]).toEqual([1, 2, 255]);
        });

        it('that a promise rejects with is the same', async () => {
          expect(errorOf(await ask('rejected'))).toEqual({ code: '409', description: 'taken', body: '' });
        });

        it('keeps the headers that the handler set, and its own win', async () => {
          const reply = await ask('own');
          expect(errorOf(reply)).toEqual({ code: '400', description: 'mine', body: '' });
          expect(reply.headers?.values(CODE)).toEqual(['400']);
          expect(reply.headers?.values(DESCRIPTION)).toEqual(['mine']);
          expect(reply.headers?.get('X-Kept')).toBe('by the handler');
          expect(reply.headers?.values('X-Both')).toEqual(['by the error']);
        });

        it('counts as an error, and is the last one', async () => {
          await ask('coded');
          expect(await stats('coded')).toMatchObject({
            num_requests: 1,
            num_errors: 1,
            last_error: '404:no such order',
          });
        });

        it('sends nothing of its cause to the caller, and all of it to the log', async () => {
          const reply = await ask('caused');
          expect(errorOf(reply)).toEqual({ code: '502', description: 'upstream failed', body: '' });
          expect(log.find('warn', /upstream failed/)[0]?.err).toEqual(new Error(SECRET));
        });
      });

      it('a success has neither header', async () => {
        expect((await ask('fine')).headers).toBeUndefined();
      });

      describe('a description', () => {
        it.each([
          ['LF', 'one\ntwo', 'one two'],
          ['CRLF', 'one\r\ntwo', 'one two'],
          ['a forged header', 'one\r\nX-Forged: 1\r\n\r\nbody', 'one X-Forged: 1 body'],
          ['CR', 'one\rtwo', 'one two'],
          ['NUL', 'one\u0000two', 'one two'],
          ['line separators', 'one\u2028\u2029two', 'one two'],
          ['letters of all kinds', 'größer als 5 €: 🙂', 'größer als 5 €: 🙂'],
        ])('with %s is one line', async (_what, description, expected) => {
          const reply = await ask('described', description);
          expect(errorOf(reply)).toEqual({ code: '400', description: expected, body: '' });
          expect(reply.headers?.has('X-Forged')).toBe(false);
          expect((await stats('described'))?.last_error).toBe(`400:${expected}`);
        });

        it.each([
          ['empty', ''],
          ['blank', ' \n '],
        ])('that is %s is replaced, so that the header stands', async (_what, description) => {
          expect(errorOf(await ask('described', description))).toMatchObject({ code: '400', description: 'error 400' });
        });

        it('of 50 KB is cut to what people read', async () => {
          const { code, description } = errorOf(await ask('described', 'x'.repeat(50_000)));
          expect(code).toBe('400');
          expect(description).toMatch(/^x{1000,2000}$/);
        });
      });

      describe('a header that would break the protocol', () => {
        const bad: [string, [string, string]][] = [
          ['a value with CRLF', ['X-A', 'a\r\nX-Forged: 1']],
          ['a value with LF', ['X-A', 'a\nb']],
          ['a value with NUL', ['X-A', 'a\u0000b']],
          ['a name with a blank', ['X A', 'a']],
          ['a name with a colon', ['X:A', 'a']],
          ['a name with CRLF', ['X\r\nA', 'a']],
          ['an empty name', ['', 'a']],
        ];
        it.each(bad)('%s: the error that carries it becomes a 500', async (_what, header) => {
          const reply = await ask('withHeader', header);
          expect(errorOf(reply)).toEqual({ code: '500', description: 'internal error', body: '' });
          expect(reply.headers?.has('X-Forged')).toBe(false);
          expect(log.find('error', /./)[0]?.err).toBeInstanceOf(TypeError);
        });

        it.each(bad)('%s: the handler that sets it gets a TypeError', async (_what, header) => {
          const reply = await ask('setsHeader', header);
          expect(errorOf(reply)).toEqual({ code: '500', description: 'internal error', body: '' });
          expect(log.find('error', /handler failed/)[0]?.err).toBeInstanceOf(TypeError);
        });
      });

      it.each([1.5, 'NaN', '404', null, { a: 1 }])(
        'an error code that is not a whole number (%j) becomes a 500',
        async (code) => {
          expect(errorOf(await ask('withCode', code))).toEqual({
            code: '500',
            description: 'internal error',
            body: '',
          });
        },
      );

      it.each([0, -1, 999, 100_000])('an error code may be any whole number: %d', async (code) => {
        expect(errorOf(await ask('withCode', code))).toMatchObject({ code: String(code), description: 'odd code' });
      });

      describe.each(['throws', 'rejects'])('a handler that %s', (endpoint) => {
        it.each(Object.keys(thrown))('%s: 500 "internal error" and nothing else', async (what) => {
          const reply = await ask(endpoint, what);
          expect(errorOf(reply)).toEqual({ code: '500', description: 'internal error', body: '' });
          expect(reply.headers?.keys().sort()).toEqual([CODE, DESCRIPTION, REQUEST_ID].sort());
          expect(JSON.stringify([...(reply.headers ?? [])])).not.toContain('hunter2');
          expect(await stats(endpoint)).toMatchObject({ num_errors: 1, last_error: '500:internal error' });
        });
      });

      it('the id of a 500 reply is in the log, with the endpoint and the whole error', async () => {
        const first = await ask('throws', 'an Error');
        const second = await ask('rejects', 'a text');
        const ids = [first, second].map((reply) => reply.headers?.get(REQUEST_ID));
        expect(ids[0]).toMatch(/^[\w-]{22}$/);
        expect(ids[1]).not.toBe(ids[0]);
        expect(log.find('error', /handler failed/)).toMatchObject([
          { handler: 'throws', subject: 'throws', requestId: ids[0], err: thrown['an Error'] },
          { handler: 'rejects', subject: 'rejects', requestId: ids[1], err: SECRET },
        ]);
      });

      it.each(Object.keys(unserialisable))('a reply that has no JSON is a 500: %s', async (what) => {
        expect(errorOf(await ask('returns', what))).toEqual({
          code: '500',
          description: 'reply cannot be encoded',
          body: '',
        });
        expect(await stats('returns')).toMatchObject({ num_errors: 1, last_error: '500:reply cannot be encoded' });
        expect(log.lines.some(({ level }) => level === 'warn' || level === 'error')).toBe(true);
      });

      it.each(Object.keys(unserialisable))('error data that has no JSON is a 500: %s', async (what) => {
        expect(errorOf(await ask('withData', what))).toMatchObject({
          code: '500',
          description: 'internal error',
          body: '',
        });
      });

      describe('a reply over the max_payload of the server', () => {
        it('is a 500 that names both sizes, and the log has it', async () => {
          const reply = await ask('large', MAX_PAYLOAD + 1);
          expect(errorOf(reply)).toEqual({
            code: '500',
            description: `reply of ${MAX_PAYLOAD + 1} bytes is over max_payload (${MAX_PAYLOAD} bytes)`,
            body: '',
          });
          expect(log.find('error', /max_payload/)).toHaveLength(1);
          expect(await stats('large')).toMatchObject({ num_requests: 1, num_errors: 1 });
        });

        it('is one only beyond the last byte', async () => {
          expect((await ask('large', MAX_PAYLOAD)).data).toHaveLength(MAX_PAYLOAD);
        });

        it('counts its headers', async () => {
          expect(errorOf(await ask('largeWithHeader', MAX_PAYLOAD)).code).toBe('500');
        });

        it.each(['largeError', 'largeHeader'])('is a 500 also where it is an error itself: %s', async (endpoint) => {
          const { code, description, body } = errorOf(await ask(endpoint, 2 * MAX_PAYLOAD));
          expect({ code, body }).toEqual({ code: '500', body: '' });
          expect(description).toContain('max_payload');
        });
      });

      it('requests that want no reply fail quietly, and are counted', async () => {
        for (const what of Object.keys(thrown)) nc.publish('throws', JSON.stringify(what));
        nc.publish('large', String(MAX_PAYLOAD + 1));
        nc.publish('returns', '"a cycle"');
        await ask('fine');
        const count = Object.keys(thrown).length;
        expect(await stats('throws')).toMatchObject({ num_requests: count, num_errors: count });
        expect(await stats('returns')).toMatchObject({ num_requests: 1, num_errors: 1 });
      });
    });
  },
  { maxPayload: MAX_PAYLOAD },
);

onEachServer((server) => {
  const hosts = useHosts();

  it('a thousand failures at once: each is answered, and every other request too', async () => {
    const { host } = await hosts.start([Errors, Neighbour], { connection: { servers: server.url } });
    const nc = host.connection;
    const kinds = Object.keys(thrown);
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        nc.request(i % 2 ? 'throws' : 'rejects', JSON.stringify(kinds[i % kinds.length])),
      ).concat(Array.from({ length: 100 }, () => nc.request('next'))),
    );
    expect(replies.filter((reply) => reply.headers?.get(CODE) === '500')).toHaveLength(1000);
    expect(replies.filter((reply) => reply.headers === undefined)).toHaveLength(100);
  });

  it('pino, the default log, takes everything that can be thrown', async () => {
    const level = process.env.LOG_LEVEL;
    process.env.LOG_LEVEL = 'fatal';
    const { host } = await hosts
      .start(Errors, { connection: { servers: server.url }, logger: undefined })
      .finally(() => (level === undefined ? delete process.env.LOG_LEVEL : (process.env.LOG_LEVEL = level)));
    for (const what of Object.keys(thrown)) {
      const reply = await host.connection.request('throws', JSON.stringify(what), { timeout: 2000 });
      expect(reply.headers?.get(CODE)).toBe('500');
    }
  });
});
