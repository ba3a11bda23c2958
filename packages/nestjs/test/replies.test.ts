import { ServiceError, Service, only, type FactoryOptions, type RequestContext } from '@natsmith/core';
import { IsString } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, Message } from '#test/connection';
import { useHosts, type Started } from '#test/hosts';
import { Log } from '#test/log';
import { onEachServerAndClient } from '#test/matrix';
import { until } from '#test/until';
import { NestEndpoint, nestReplies } from '../src/bridge';

class Marked {
  @IsString() mark!: string;
}

const left: string[] = [];
const begun: string[] = [];

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

@Service({ name: 'flow', version: '1.0.0' })
class Flow {
  @NestEndpoint('flow.large')
  async *large(): AsyncGenerator<string> {
    for (;;) yield 'x'.repeat(100_000);
  }

  @NestEndpoint('flow.three', { maxUncredited: 3 })
  async *three(): AsyncGenerator<number> {
    for (let n = 1; ; n++) yield n;
  }

  @NestEndpoint('flow.huge')
  async *huge(): AsyncGenerator<string> {
    yield 'x'.repeat(2_000_000);
  }

  @NestEndpoint('flow.maps')
  async *maps(): AsyncGenerator<unknown> {
    yield new Map([['a', 1]]);
  }

  @NestEndpoint('flow.still', { request: 'unchecked' })
  async *still(_: unknown, ctx: RequestContext): AsyncGenerator<number> {
    try {
      yield 1;
      begun.push('still');
      await aborted(ctx.signal);
    } finally {
      left.push('still');
    }
  }

  @NestEndpoint('flow.map')
  map(): unknown {
    return new Map([['a', 1]]);
  }

  @NestEndpoint('flow.patient', { request: 'unchecked' })
  async patient(_: unknown, ctx: RequestContext): Promise<void> {
    begun.push('patient');
    await delay(60_000, undefined, { signal: ctx.stopping });
  }

  @NestEndpoint('flow.slow', { request: 'unchecked', timeout: 20 })
  async slow(_: unknown, ctx: RequestContext): Promise<void> {
    await aborted(ctx.signal);
  }

  @NestEndpoint('flow.caused')
  caused(): never {
    throw new ServiceError(409, 'sold out', { cause: new Error('the shelf is empty') });
  }

  @NestEndpoint('flow.failing')
  failing(): never {
    throw new Error('the shelf has fallen');
  }

  @NestEndpoint('flow.mark')
  mark(_: Marked): void {}

  @NestEndpoint('flow.any', { request: 'unchecked' })
  any(_: unknown): void {}

  @NestEndpoint('flow.short', { request: 'unchecked', maxBody: 100 })
  short(_: unknown): void {}
}

onEachServerAndClient((_, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let log: Log;
  let inboxes = 0;

  beforeEach(async () => {
    left.length = begun.length = 0;
    log = new Log();
    connection = await library.connect();
  });

  const startFlow = (options: Partial<FactoryOptions<Connection>> = {}): Promise<Started<Connection>> =>
    start(Flow, { ...options, connection, logger: log });

  const envelope = (pattern: string, data: unknown = {}): Buffer =>
    Buffer.from(JSON.stringify({ pattern, data, id: 'the-id' }));

  /** What comes on a subject, from now on. */
  async function listen(subject: string): Promise<Message[]> {
    const messages: Message[] = [];
    connection.subscribe(subject, { callback: (_error, message) => void messages.push(message) });
    await connection.flush();
    return messages;
  }

  /** All replies to a request of Nest's client, up to the one that ends them. */
  async function repliesTo(pattern: string, reply = `_INBOX.flow.${++inboxes}`): Promise<Record<string, unknown>[]> {
    const messages = await listen(reply);
    connection.publish(pattern, envelope(pattern), { reply });
    await until(() => messages.some(({ data }) => Buffer.from(data).includes('"isDisposed":true')));
    return messages.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>);
  }

  describe("a stream for Nest's client", () => {
    test('goes to inboxes alone, because services send it with their own rights', async () => {
      await startFlow();
      expect(await repliesTo('flow.three', 'somebody.else')).toEqual([
        {
          err: {
            status: 'error',
            code: 400,
            message: expect.stringContaining('"somebody.else" is not an inbox') as unknown,
          },
          isDisposed: true,
          id: 'the-id',
        },
      ]);
    });

    test('ends at the bytes that go to somebody who grants no credit', async () => {
      await startFlow();
      const replies = await repliesTo('flow.large');
      expect(replies.length).toBeLessThan(90);
      expect(replies.at(-1)).toMatchObject({ err: { code: 429 } });
    });

    test('ends at "maxUncredited" of its endpoint', async () => {
      await startFlow();
      expect(await repliesTo('flow.three')).toMatchObject([
        { response: 1, id: 'the-id' },
        { response: 2 },
        { response: 3 },
        { err: { code: 429, message: expect.stringContaining('ends after 3 items') as unknown } },
      ]);
    });

    test('ends when its reader is gone', async () => {
      await startFlow();
      connection.publish('flow.still', envelope('flow.still'), { reply: '_INBOX.nobody.listens' });
      await until(() => left.includes('still'));
    });

    test('that stands still is ended by a graceful stop', async () => {
      const { host } = await startFlow({ stopTimeout: '10m' });
      const messages = await listen('_INBOX.still');
      connection.publish('flow.still', envelope('flow.still'), { reply: '_INBOX.still' });
      await until(() => begun.includes('still'));
      await host.stop();
      await until(() => messages.length === 2);
      expect(messages[1]?.headers?.get('Nats-Service-Error')).toBe('stopping');
    });

    test('fails at an item that cannot be sent', async () => {
      await startFlow();
      expect(await repliesTo('flow.huge')).toMatchObject([
        { err: { code: 500, message: expect.stringMatching(/^item of \d+ bytes is over max_payload/) as unknown } },
      ]);
      expect(await repliesTo('flow.maps')).toMatchObject([{ err: { code: 500, message: 'item cannot be encoded' } }]);
      expect(log.problems).toContain('a Map, which has no JSON form');
    });
  });

  test('a reply that JSON cannot say is an error, and not an empty object', async () => {
    await startFlow();
    const { headers } = await connection.request('flow.map', Buffer.from('{}'));
    expect(headers?.get('Nats-Service-Error')).toBe('reply cannot be encoded');
  });

  describe('an error', () => {
    test('that says no more than that the service stops is a 503, and no failure of the handler', async () => {
      const { host } = await startFlow({ stopTimeout: '10m' });
      const replies = repliesTo('flow.patient');
      await until(() => begun.includes('patient'));
      await host.stop();
      expect(await replies).toMatchObject([{ err: { code: 503, message: 'stopping' } }]);
      expect(log.of('error')).toEqual([]);
    });

    test('is logged once, with what caused it', async () => {
      await startFlow({ use: [nestReplies] });
      expect(await repliesTo('flow.caused')).toMatchObject([{ err: { code: 409, message: 'sold out' } }]);
      expect(await repliesTo('flow.failing')).toMatchObject([{ err: { code: 500, message: 'internal error' } }]);
      expect([...log.of('warn'), ...log.of('error')]).toMatchObject([
        { level: 'warn', message: '409: sold out', details: { err: { message: 'the shelf is empty' } } },
        { level: 'error', message: 'handler failed', details: { err: { message: 'the shelf has fallen' } } },
      ]);
    });

    test('is not logged after a timeout that the caller has got an error for', async () => {
      await startFlow();
      const { headers } = await connection.request('flow.slow', envelope('flow.slow'));
      expect(headers?.get('Nats-Service-Error-Code')).toBe('504');
      await until(() => log.lines.some(({ message }) => message.startsWith('handler ')));
      expect(log.problems).toBe('');
    });
  });

  describe('a body', () => {
    const parses: string[] = [];
    let spy: jest.SpyInstance;
    beforeEach(() => {
      parses.length = 0;
      const { parse } = JSON;
      spy = jest.spyOn(JSON, 'parse').mockImplementation((text: string, reviver) => {
        if (text.includes('parsed once')) parses.push(text);
        return parse(text, reviver) as unknown;
      });
    });
    afterEach(() => spy.mockRestore());

    const slowly = only('endpoint', async (_ctx, next) => {
      await delay(1);
      return next();
    });

    test.each([
      ['of an envelope', { pattern: 'flow.mark', data: { mark: 'parsed once' }, id: 'x' }],
      ['without one', { mark: 'parsed once' }],
      ['that is none, and has a pattern', { mark: 'parsed once', pattern: 'a' }],
    ])('%s is parsed once, with and without headers', async (_title, body) => {
      await startFlow({ use: [nestReplies, slowly] });
      const headers = library.headers();
      headers.set('A-Header', 'a value');
      await connection.request('flow.any', Buffer.from(JSON.stringify(body)));
      expect(parses).toHaveLength(1);
      await connection.request('flow.any', Buffer.from(JSON.stringify(body)), { headers, timeout: 5000 });
      expect(parses).toHaveLength(2);
    });

    test('over "maxBody" is not parsed', async () => {
      await startFlow({ use: [nestReplies] });
      const { headers } = await connection.request('flow.short', envelope('flow.short', 'parsed once'.padEnd(100)));
      expect(headers?.get('Nats-Service-Error-Code')).toBe('413');
      expect(parses).toEqual([]);
    });

    test('whose key "pattern" is escaped is not an envelope, for reply and payload alike', async () => {
      await startFlow({ use: [nestReplies] });
      const body = '{"\\u0070attern":"flow.mark","data":{"mark":"a"},"id":"x"}';
      const { headers } = await connection.request('flow.mark', Buffer.from(body));
      expect(headers?.get('Nats-Service-Error-Code')).toBe('400');
    });
  });
});
