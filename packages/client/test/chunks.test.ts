import { ServiceClient, ServiceError, StreamError, TimeoutError } from '@natsmith/client';
import { Endpoint, Service, Use, type RequestContext } from '@natsmith/core';
import { IsNumber, IsString } from 'class-validator';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type Headers, type Message } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';
import { until } from '#test/until';

const MiB = 1024 * 1024;

class Batch {
  @IsString() name: string;
  @IsNumber({}, { each: true }) values: number[];
}

let asked = 0;
let aborted: string[] = [];

@Service({ name: 'files', version: '1.0.0', maxBody: 64 * MiB })
class Files {
  @Endpoint()
  bytes(size: number): Uint8Array {
    return Buffer.alloc(size, 'ab');
  }

  @Endpoint()
  json(size: number): { text: string } {
    return { text: 'ü'.repeat(size) };
  }

  @Endpoint({ codec: 'text' })
  text(size: string): string {
    return 'ä'.repeat(Number(size));
  }

  @Endpoint()
  echo(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint()
  check(batch: Batch): { isBatch: boolean; sum: number; padding: string } {
    const sum = batch.values.reduce((sum, value) => sum + value, 0);
    return { isBatch: batch instanceof Batch, sum, padding: batch.name };
  }

  @Endpoint({ request: 'unchecked' })
  async *pieces(text: string): AsyncGenerator<number> {
    for (let i = 0; i < 3; i++) yield text.length;
  }

  @Endpoint({ idempotent: true })
  async again(body: Uint8Array): Promise<Uint8Array> {
    if (++asked === 1) await delay(5_000);
    return body;
  }

  @Use(() => {
    throw new ServiceError(401, 'who are you?');
  })
  @Endpoint()
  guarded(body: Uint8Array): number {
    return body.length;
  }

  @Use(async function late(_ctx, next) {
    await delay(100);
    return next();
  })
  @Endpoint({ timeout: 40 })
  late(body: Uint8Array): number {
    return body.length;
  }

  @Endpoint()
  nothing(): string {
    return 'done';
  }

  @Endpoint({ codec: 'bytes' })
  async headed(_: Uint8Array, ctx: RequestContext): Promise<Uint8Array> {
    ctx.replyHeaders.set('X-Kind', 'large');
    ctx.signal.addEventListener('abort', () => aborted.push((ctx.signal.reason as Error).message));
    return Buffer.alloc(300_000);
  }

  @Endpoint()
  fail(): never {
    throw new ServiceError(409, 'no', { data: 'x'.repeat(100_000) });
  }
}

@Service({ name: 'everybody', version: '1.0.0', queueGroup: false })
class Everybody {
  @Endpoint()
  replies(size: number): Uint8Array {
    return Buffer.alloc(size, 'ab');
  }
}

/** Counts the subscriptions to reply subjects that are open. */
function counted(connection: Connection): { open: number } {
  const count = { open: 0 };
  const { subscribe } = connection;
  connection.subscribe = (subject, options) => {
    const subscription = subscribe.call(connection, subject, options);
    if (!subject.startsWith('_INBOX.')) return subscription;
    count.open++;
    const { unsubscribe } = subscription;
    subscription.unsubscribe = (max) => {
      count.open--;
      unsubscribe.call(subscription, max);
    };
    return subscription;
  };
  return count;
}

onEachServerAndClient((_server, library) => {
  const { start } = useHosts();

  test('payloads and replies of several MiB come whole', async () => {
    await start(Files, { connection: await library.connect() });
    await using client = new ServiceClient(await library.connect(), { discovery: { stall: 60 } });
    const files = await client.service<Files>('files');
    const body = randomBytes(5 * MiB + 1);
    expect(body.equals(await files.echo(body, { as: 'bytes' }))).toBe(true);
    expect((await files.json(3 * MiB)).text).toBe('ü'.repeat(3 * MiB));
    expect(await client.call('bytes', 4 * MiB, { as: 'bytes' })).toHaveLength(4 * MiB);
  });

  test('of several instances that all reply, one is heard', async () => {
    for (let i = 0; i < 3; i++) await start(Everybody, { connection: await library.connect() });
    await using client = new ServiceClient(await library.connect());
    for (let i = 0; i < 3; i++) expect(await client.call('replies', 4 * MiB, { as: 'bytes' })).toHaveLength(4 * MiB);
  });

  test('a caller that leaves at whatever moment leaves nothing behind', async () => {
    const own = await library.connect();
    const count = counted(own);
    await start(Files, { connection: own });
    await using client = new ServiceClient(await library.connect(), { discovery: { stall: 60 } });
    const files = await client.service<Files>('files');
    const body = Buffer.alloc(8 * MiB);
    for (const ms of [0, 2, 5, 10, 20, 40]) {
      const abort = new AbortController();
      const reason = new Error('enough');
      setTimeout(() => abort.abort(reason), ms);
      await files
        .echo(body, { as: 'bytes', signal: abort.signal })
        .catch((error: unknown) => expect(error).toBe(reason));
      await files.echo(body, { as: 'bytes', timeout: ms + 1 }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(TimeoutError);
      });
    }
    await until(() => count.open === 0);
    expect(await files.nothing()).toBe('done');
  });
});

onEachServerAndClient(
  (_server, library) => {
    const { start } = useHosts();
    let connection: Connection;
    let client: ServiceClient;
    let files: Awaited<ReturnType<typeof client.service<Files>>>;
    /** Of the service. */
    let own: Connection;
    let count: { open: number };

    beforeEach(async () => {
      asked = 0;
      aborted = [];
      connection = await library.connect();
      client = new ServiceClient(connection, { discovery: { stall: 20 } });
      own = await library.connect();
      count = counted(own);
      await start(Files, { connection: own });
      files = await client.service<Files>('files');
    });
    afterEach(() => client.close());

    const headersOf = (values: Record<string, string>): Headers => {
      const headers = library.headers();
      for (const [name, value] of Object.entries(values)) headers.set(name, value);
      return headers;
    };
    /** What somebody without natsmith gets. */
    const errorOf = async (subject: string, headers: Record<string, string>, payload = ''): Promise<string> => {
      const reply = await connection.request(subject, payload, { timeout: 2000, headers: headersOf(headers) });
      return `${reply.headers?.get('Nats-Service-Error-Code')} ${reply.headers?.get('Nats-Service-Error')}`;
    };

    describe('large replies', () => {
      test.each([1, 32_000, 32_768, 32_769, 65_536, 1_000_000])('of %i bytes come whole', async (size) => {
        expect(Buffer.alloc(size, 'ab').equals(await files.bytes(size, { as: 'bytes' }))).toBe(true);
        expect((await files.text(size as never, { as: 'text' })) === 'ä'.repeat(size)).toBe(true);
        await until(() => count.open === 0);
      });

      test('come to calls of a subject as well, and count once in STATS', async () => {
        expect(await client.call<{ text: string }>('json', 20_000)).toEqual({ text: 'ü'.repeat(20_000) });
        const [stats] = await client.stats('files');
        expect(stats!.endpoints.find(({ name }) => name === 'json')).toMatchObject({ num_requests: 1, num_errors: 0 });
      });

      test('are a 500 for callers that do not ask for chunks', async () => {
        expect(await errorOf('bytes', {}, '40000')).toBe('500 reply of 40000 bytes is over max_payload (32768 bytes)');
        expect(await errorOf('bytes', { 'Natsmith-Chunks': 'many' }, '40000')).toMatch(/^500 .* is over max_payload/);
      });

      test('are a 500 beyond 64 MiB, and where it is the error that is large', async () => {
        await expect(files.bytes(64 * MiB + 1)).rejects.toMatchObject({
          code: 500,
          description: 'reply of 67108865 bytes is over the 67108864 bytes that go in chunks',
        });
        await expect(files.fail()).rejects.toMatchObject({ code: 500 });
      });

      test('wait for credit, and stop when the caller cancels', async () => {
        const messages: Message[] = [];
        connection.subscribe('_INBOX.mine', { callback: (_error, message) => messages.push(message) });
        const headers = headersOf({ 'Natsmith-Chunks': '2', 'Natsmith-Heartbeat': '60000' });
        connection.publish('headed', '', { reply: '_INBOX.mine', headers });
        await until(() => messages.length === 4);
        const [announcement, beat, ...chunks] = messages;
        expect(announcement!.headers!.get('Natsmith-Size')).toBe('300000');
        expect(announcement!.data).toHaveLength(0);
        expect(beat!.headers!.get('Natsmith-Heartbeat')).toBe('0');
        expect(chunks.map(({ data }) => data.length)).toEqual([16_384, 16_384]);
        await delay(30);
        expect(messages).toHaveLength(4);
        expect(count.open).toBe(1);
        connection.publish(announcement!.reply!, 'cancel');
        await until(() => count.open === 0);
        await until(() => messages.length === 5);
        expect(messages[4]!.data).toHaveLength(0);
        expect(messages[4]!.headers!.get('X-Kind')).toBe('large');
        expect(aborted).toEqual(['499: the caller has left the stream']);
      });

      test('stop when the caller is gone without a cancel', async () => {
        const headers = headersOf({ 'Natsmith-Chunks': '2', 'Natsmith-Heartbeat': '50' });
        connection.subscribe('_INBOX.mine');
        connection.publish('headed', '', { reply: '_INBOX.mine', headers });
        await until(() => aborted.length === 1);
        await until(() => count.open === 0);
      });

      /** A service that announces a reply, sends what it is told, and keeps what it hears. */
      const lie = (size: string, chunks: readonly string[], numbers = chunks.map((_, i) => i + 1)): string[] => {
        const heard: string[] = [];
        connection.subscribe('_INBOX.liar', { callback: (_error, message) => heard.push(message.string()) });
        connection.subscribe('liar', {
          callback(_error, { reply }) {
            const send = (name: string, value: string, body = ''): void =>
              connection.publish(reply!, body, { headers: headersOf({ [name]: value }), reply: '_INBOX.liar' });
            send('Natsmith-Size', size);
            for (const [i, chunk] of chunks.entries()) send('Natsmith-Seq', String(numbers[i]), chunk);
            send('Natsmith-Seq', String(chunks.length + 1));
          },
        });
        return heard;
      };

      test('are put together by what the service says', async () => {
        lie('5', ['"a', 'bc"']);
        expect(await client.call('liar')).toBe('abc');
      });

      test.each([
        ['4', ['"a', 'bc"'], undefined, 'the reply of liar in chunks has more than the 4 bytes of its Natsmith-Size'],
        ['6', ['"a', 'bc"'], undefined, 'the reply of liar in chunks has 5 of the 6 bytes of its Natsmith-Size'],
        ['5', ['"a', 'bc"'], [1, 3], 'item 2 of the stream from liar was lost'],
        ['67108865', [], undefined, 'the reply of liar in chunks has 67108865 bytes; the limit is 67108864'],
        ['-1', [], undefined, 'the reply of liar in chunks has -1 bytes'],
        ['9', Array<string>(17).fill('1'), undefined, 'more than the 9 bytes'],
      ] as const)('with the size %s and the chunks %j are refused', async (size, chunks, numbers, problem) => {
        const heard = lie(size, chunks, numbers && [...numbers]);
        const error = await client.call('liar').catch((error: unknown) => error);
        expect(error).toBeInstanceOf(StreamError);
        expect((error as Error).message).toContain(problem);
        await until(() => heard.length > 0);
      });

      test('that stop coming end with the timeout of the call, and the service is notified', async () => {
        const heard: string[] = [];
        connection.subscribe('_INBOX.slow', { callback: (_error, message) => heard.push(message.string()) });
        connection.subscribe('slow', {
          callback: (_error, { reply }) =>
            connection.publish(reply!, '', { headers: headersOf({ 'Natsmith-Size': '9' }), reply: '_INBOX.slow' }),
        });
        await expect(client.call('slow', undefined, { timeout: 60 })).rejects.toBeInstanceOf(TimeoutError);
        await until(() => heard.length === 2);
        expect(heard).toEqual(['credit 16', 'cancel']);
        const abort = new AbortController();
        setTimeout(() => abort.abort(new Error('enough')), 40);
        await expect(client.call('slow', undefined, { signal: abort.signal })).rejects.toThrow('enough');
        await until(() => heard.length === 4);
      });
    });

    describe('large payloads', () => {
      test.each([32_000, 32_500, 32_768, 65_536, 1_000_000])('of %i bytes come whole', async (size) => {
        const body = randomBytes(size);
        expect(body.equals(await files.echo(body, { as: 'bytes' }))).toBe(true);
        await until(() => count.open === 0);
      });

      test('are decoded and validated as others', async () => {
        const name = 'x'.repeat(100_000);
        const values = Array.from({ length: 9_000 }, (_, i) => i);
        expect(await files.check({ name, values })).toEqual({ isBatch: true, sum: 40_495_500, padding: name });
        await expect(files.check({ name, values: ['1' as never] })).rejects.toMatchObject({
          code: 400,
          data: [{ path: 'values' }],
        });
      });

      test('can be answered by a stream', async () => {
        const lengths: number[] = [];
        for await (const length of files.pieces('x'.repeat(90_000))) lengths.push(length);
        expect(lengths).toEqual([90_000, 90_000, 90_000]);
      });

      test('are sent again where the endpoint is idempotent', async () => {
        const body = randomBytes(200_000);
        expect(body.equals(await files.again(body, { as: 'bytes', timeout: 1500 }))).toBe(true);
        expect(asked).toBe(2);
      });

      test('are not sent where middleware refuses them, nor to a handler that takes none', async () => {
        const before = connection.stats().outBytes;
        await expect(files.guarded(randomBytes(200_000))).rejects.toMatchObject({ code: 401 });
        expect(await (files.nothing as (payload: unknown) => Promise<string>)(randomBytes(200_000))).toBe('done');
        expect(connection.stats().outBytes - before).toBeLessThan(2_000);
        expect(count.open).toBe(0);
      });

      test('are an error for client.call, which says what to do; the connection survives it', async () => {
        await expect(client.call('echo', randomBytes(40_000))).rejects.toThrow(
          /^a message of 40\d\d\d bytes for echo is over the server's max_payload \(32768 bytes\); send less, or call it by client.service\(\)/,
        );
        expect(await files.nothing()).toBe('done');
      });

      test('come whole around the limit, also with a long inbox prefix', async () => {
        const own = await library.connect({ inboxPrefix: `_INBOX.${'x'.repeat(300)}` });
        await using other = new ServiceClient(own, { discovery: { stall: 60 } });
        const files = await other.service<Files>('files');
        const { signal } = new AbortController();
        for (let size = 32_768 - 800; size <= 32_768; size += 40)
          expect(await files.echo(Buffer.alloc(size), { as: 'bytes', signal })).toHaveLength(size);
      });

      test('are an error beyond 64 MiB', async () => {
        await expect(files.echo(Buffer.alloc(64 * MiB + 1))).rejects.toThrow(
          'a body of 67108865 bytes for echo exceeds the limit of 67108864 bytes; send a stream',
        );
      });

      test('are an error where any service on the subject may not know chunks, and nothing is sent', async () => {
        let requests = 0;
        connection.subscribe('foreign.echo', { callback: () => requests++ });
        const info = {
          type: 'io.nats.micro.v1.info_response',
          name: 'foreign',
          id: 'A'.repeat(22),
          version: '1.0.0',
          metadata: {},
          description: '',
          endpoints: [
            { name: 'echo', subject: 'foreign.*', queue_group: 'q', metadata: { subject_template: 'foreign.echo' } },
          ],
        };
        connection.subscribe('$SRV.INFO.foreign', {
          callback: (_error, message) => message.respond(JSON.stringify(info)),
        });
        @Service({ name: 'foreign', version: '2.0.0' })
        class Foreign {
          @Endpoint({ subject: 'foreign.echo' })
          echo(body: Uint8Array): number {
            return body.length;
          }

          @Endpoint({ subject: 'elsewhere' })
          other(body: Uint8Array): number {
            return body.length;
          }
        }
        await start(Foreign, { connection: await library.connect() });
        await using other = new ServiceClient(await library.connect(), { discovery: { stall: 100 } });
        const foreign = await other.service<Foreign>('foreign', { version: '^2.0.0' });
        await expect(foreign.echo(randomBytes(40_000))).rejects.toThrow(
          /is over the server's max_payload \(32768 bytes\); send less, or raise max_payload: the service takes no larger payloads in chunks/,
        );
        expect(await foreign.other(randomBytes(40_000))).toBe(40_000);
        await connection.flush();
        expect(requests).toBe(0);
      });

      test('are an error where an instance may listen whose INFO cannot be read', async () => {
        connection.subscribe('$SRV.INFO.files', { callback: (_error, message) => message.respond('{"name":"files"}') });
        await using other = new ServiceClient(await library.connect(), { discovery: { stall: 100 } });
        const uncertain = await other.service<Files>('files');
        await expect(uncertain.echo(randomBytes(40_000))).rejects.toThrow(
          'the service takes no larger payloads in chunks',
        );
        expect(await uncertain.bytes(40_000, { as: 'bytes' })).toHaveLength(40_000);
      });

      /** Announces a payload by hand; gives what the service says to the caller, and the reply. */
      const announce = (
        headers: Record<string, string>,
        onGrant: (send: (number: number, chunk: string) => void) => void = () => undefined,
      ): { error: Promise<string>; heard: string[] } => {
        const heard: string[] = [];
        connection.subscribe('_INBOX.control', {
          callback(_error, message) {
            if (heard.push(message.string()) > 1) return;
            onGrant((number, chunk) =>
              connection.publish(message.reply!, chunk, {
                headers: headersOf({ 'Natsmith-Seq': String(number) }),
                reply: '_INBOX.control',
              }),
            );
          },
        });
        return { error: errorOf('echo', { 'Natsmith-Upload': '_INBOX.control', ...headers }), heard };
      };

      test.each(['0', '-1', '1e3', '0x10', 'much', '', '9'.repeat(40)])('of %j bytes are a 400', async (size) => {
        expect(await announce({ 'Natsmith-Size': size }).error).toBe('400 Natsmith-Size is not a number of bytes');
      });

      test('of more bytes than the endpoint takes are a 413 before any chunk', async () => {
        const { error, heard } = announce({ 'Natsmith-Size': '67108865' });
        expect(await error).toBe('413 body of 67108865 bytes is over the limit of 67108864 bytes (option "maxBody")');
        expect(heard).toEqual([]);
      });

      test('to be fetched from no subject are a 400', async () => {
        const headers = { 'Natsmith-Size': '5', 'Natsmith-Upload': 'a..b' };
        expect(await errorOf('echo', headers)).toMatch(/^400 header Natsmith-Upload: the reply subject /);
      });

      test('to be fetched from a subject that the server would not take are a 400', async () => {
        const headers = { 'Natsmith-Size': '5', 'Natsmith-Upload': 'a'.repeat(5000) };
        expect(await errorOf('echo', headers)).toMatch(/^400 header Natsmith-Upload: the reply subject /);
        expect(await files.nothing()).toBe('done');
      });

      test('are not asked for when their request has ended in middleware', async () => {
        const heard: string[] = [];
        connection.subscribe('_INBOX.control', { callback: (_error, message) => heard.push(message.string()) });
        const headers = { 'Natsmith-Size': '5', 'Natsmith-Upload': '_INBOX.control' };
        expect(await errorOf('late', headers)).toBe('504 timeout');
        await delay(120);
        expect(heard).toEqual([]);
        expect(count.open).toBe(0);
      });

      test.each([
        ['more', ['abc', 'def'], '400 body has more than the 5 bytes of its Natsmith-Size'],
        ['less', ['abc', ''], '400 body has 3 of the 5 bytes of its Natsmith-Size'],
      ])('of %s than was announced are a 400', async (_what, chunks, expected) => {
        const { error } = announce({ 'Natsmith-Size': '5' }, (send) =>
          chunks.forEach((chunk, i) => send(i + 1, chunk)),
        );
        expect(await error).toBe(expected);
        await until(() => count.open === 0);
      });

      test('with a lost chunk are a 400', async () => {
        const { error } = announce({ 'Natsmith-Size': '5' }, (send) => [1, 3].forEach((n) => send(n, 'ab')));
        expect(await error).toBe('400 item 2 of the stream from the caller of echo was lost');
      });

      test('that were announced and never come are given up after three heartbeats', async () => {
        const { error, heard } = announce({ 'Natsmith-Size': '67108864', 'Natsmith-Heartbeat': '50' });
        expect(await error).toBe('499 the caller of the stream is gone');
        expect(heard).toEqual(['credit 16', 'cancel']);
        expect(count.open).toBe(0);
      });

      test('that stop coming end with the time of the request', async () => {
        const { error } = announce({ 'Natsmith-Size': '5', 'Natsmith-Timeout': '60' }, (send) => send(1, 'abc'));
        expect(await error).toBe('504 timeout');
        await until(() => count.open === 0);
      });

      test('that the caller cancels end at once', async () => {
        const inbox = '_INBOX.mine';
        const replies: Message[] = [];
        connection.subscribe(inbox, { callback: (_error, message) => replies.push(message) });
        connection.subscribe('_INBOX.control', {
          callback: () => connection.publish(`${inbox}.cancel`),
        });
        const headers = headersOf({
          'Natsmith-Upload': '_INBOX.control',
          'Natsmith-Size': '5',
          'Natsmith-Cancel': `${inbox}.cancel`,
        });
        connection.publish('echo', '', { reply: inbox, headers });
        await until(() => replies.length === 1);
        expect(replies[0]!.headers!.get('Nats-Service-Error-Code')).toBe('499');
        await until(() => count.open === 0);
      });

      test('are nothing to a request that has a body, or only half of the announcement', async () => {
        const request = async (headers: Record<string, string>, body: string): Promise<string> =>
          (await connection.request('echo', body, { timeout: 1000, headers: headersOf(headers) })).string();
        expect(await request({ 'Natsmith-Upload': '_INBOX.control', 'Natsmith-Size': '9' }, 'body')).toBe('body');
        expect(await request({ 'Natsmith-Size': '9' }, '')).toBe('');
        expect(await request({ 'Natsmith-Upload': '_INBOX.control' }, '')).toBe('');
      });
    });

    test('INFO says that a service takes chunks to who asks for it, and to nobody else', async () => {
      const ask = (headers: Record<string, string>): Promise<Message> =>
        connection.request('$SRV.INFO.files', '', { timeout: 1000, headers: headersOf(headers) });
      expect((await ask({ 'Natsmith-Chunks': '16' })).headers?.get('Natsmith-Chunks')).toBe('16');
      expect((await ask({ 'X-Other': '1' })).headers).toBeUndefined();
      const [info] = await client.info('files');
      expect(JSON.stringify(info)).not.toMatch(/chunks/i);
    });
  },
  { maxPayload: 32_768 },
);
