import 'reflect-metadata';
import { Endpoint, type RequestContext, Service, ServiceError, Use } from '@natsmith/core';
import { RawClient } from '../../../broker/test/raw-client';
import { onStage } from '#test/stage';

type ReplyHeaderCall = ['set' | 'append' | 'delete', string, string];

@Service({ name: 'contexts', version: '1.2.3', queueGroup: 'own' })
class Contexts {
  @Endpoint({ subject: 'orders.{id}.{part}.get' }) get(_payload: undefined, ctx: RequestContext) {
    return {
      subject: ctx.subject,
      params: ctx.params,
      service: ctx.service,
      endpoint: ctx.endpoint,
      hasDeadline: ctx.deadline !== undefined,
      aborted: ctx.signal.aborted,
      messageSubject: (ctx.message as { subject: string }).subject,
    };
  }
  @Endpoint({ request: 'unchecked' }) headers(names: string[] | undefined, { headers }: RequestContext) {
    return {
      keys: headers.keys(),
      values: (names ?? headers.keys()).map((name) => [
        headers.get(name) ?? null,
        headers.getAll(name),
        headers.has(name),
      ]),
    };
  }
  @Endpoint({ request: 'unchecked' }) reply(calls: ReplyHeaderCall[], { replyHeaders }: RequestContext) {
    for (const [method, name, value] of calls) replyHeaders[method](name, value);
    return 'done';
  }
  @Endpoint({ request: 'unchecked' }) fail(calls: ReplyHeaderCall[], { replyHeaders }: RequestContext) {
    for (const [method, name, value] of calls) replyHeaders[method](name, value);
    throw new ServiceError(409, 'no', { headers: { 'X-Error': ['1', '2'], 'Nats-Service-Error': 'mine' } });
  }
  @Endpoint({ request: 'unchecked' }) failWith(name: string) {
    throw new ServiceError(409, 'no', { headers: { [name]: 'x\r\ny' } });
  }
  @Endpoint() deadline(_payload: undefined, { deadline, signal }: RequestContext) {
    return {
      left: deadline === undefined ? null : Date.parse(deadline.toISOString()) - Date.now(),
      aborted: signal.aborted,
    };
  }
  @Endpoint({ timeout: 3000 }) limited(_payload: undefined, { deadline }: RequestContext) {
    return { left: deadline!.getTime() - Date.now() };
  }
  @Endpoint() slow(_payload: undefined, { signal }: RequestContext) {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('late')));
  }
  @Endpoint()
  @Use(async (ctx, next) => {
    ctx.state.set('seen', ((ctx.state.get('seen') as number | undefined) ?? 0) + 1);
    return next();
  })
  async state(_payload: undefined, { state }: RequestContext) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return state.get('seen');
  }
}

/** Sends a header block as it is, by raw socket, and gives the reply's body. */
async function callWithBlock(port: number, subject: string, block: string | Buffer, body = ''): Promise<unknown> {
  const client = await RawClient.open(port);
  client.send('CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\nSUB raw.inbox 1\r\n');
  const head = Buffer.from(block as string);
  const payload = Buffer.concat([head, Buffer.from(body)]);
  client.send(
    Buffer.concat([
      Buffer.from(`HPUB ${subject} raw.inbox ${head.length} ${payload.length}\r\n`),
      payload,
      Buffer.from('\r\n'),
    ]),
  );
  await client.until(() => /MSG raw\.inbox [^\r]*\r\n[^]*\r\n$/.test(client.received));
  const { received } = client;
  await client.close();
  const [head1 = ''] = received.split('\r\n');
  const size = Number(head1.split(' ').at(-1));
  const start = head1.length + 2;
  const headerSize = head1.startsWith('HMSG') ? Number(head1.split(' ').at(-2)) : 0;
  const text = Buffer.from(received, 'latin1')
    .subarray(start + headerSize, start + size)
    .toString();
  return text === '' ? received.slice(start, start + headerSize) : (JSON.parse(text) as unknown);
}

onStage('the context', Contexts, (stage, server) => {
  it('names subject, params, service, endpoint and the message', async () => {
    const [service] = stage.host.services;
    expect((await stage.call('orders.7.lines.get')).value).toEqual({
      subject: 'orders.7.lines.get',
      params: { id: '7', part: 'lines' },
      service: { name: 'contexts', version: '1.2.3', id: service!.id },
      endpoint: { name: 'get', subject: 'orders.*.*.get', queueGroup: 'own' },
      hasDeadline: false,
      aborted: false,
      messageSubject: 'orders.7.lines.get',
    });
  });

  describe('headers', () => {
    it('returns first and all values, by the name as it was sent', async () => {
      const headers = { 'X-Many': ['a', 'b'], 'x-Odd-CASE': '1', Empty: '' };
      const reply = await stage.call('headers', ['X-Many', 'x-Odd-CASE', 'X-Odd-Case', 'x-many', 'Empty', 'none'], {
        headers,
      });
      expect((reply.value as { values: unknown }).values).toEqual([
        ['a', ['a', 'b'], true],
        ['1', ['1'], true],
        [null, [], false],
        [null, [], false],
        ['', [''], true],
        [null, [], false],
      ]);
      expect((reply.value as { keys: string[] }).keys).toEqual(['X-Many', 'x-Odd-CASE', 'Empty']);
    });

    it('is empty when there are none', async () => {
      expect((await stage.call('headers')).value).toEqual({ keys: [], values: [] });
    });

    it.each<[string, string, string[], unknown[]]>([
      ['a line without a colon', 'NATS/1.0\r\nno colon\r\nA: 1\r\n\r\n', ['A'], [['1', ['1'], true]]],
      ['a line that begins with a colon', 'NATS/1.0\r\n: x\r\nA: 1\r\n\r\n', ['A'], [['1', ['1'], true]]],
      ['names with blanks and odd signs', 'NATS/1.0\r\na b(c): 1\r\n\r\n', ['a b(c)'], [['1', ['1'], true]]],
      ['UTF-8', 'NATS/1.0\r\nGröße: 名\r\n\r\n', ['Größe'], [['名', ['名'], true]]],
      [
        'duplicates',
        'NATS/1.0\r\nA: 1\r\nB: 2\r\nA: 3\r\n\r\n',
        ['A', 'B'],
        [
          ['1', ['1', '3'], true],
          ['2', ['2'], true],
        ],
      ],
      ['colons in values', 'NATS/1.0\r\nA:b:c\r\n\r\n', ['A'], [['b:c', ['b:c'], true]]],
      ['blanks around values', 'NATS/1.0\r\nA:  \t x \t\r\n\r\n', ['A'], [['x', ['x'], true]]],
      [
        'names of Object.prototype',
        'NATS/1.0\r\n__proto__: 1\r\nconstructor: 2\r\n\r\n',
        ['__proto__', 'constructor'],
        [
          ['1', ['1'], true],
          ['2', ['2'], true],
        ],
      ],
      ['no header at all', 'NATS/1.0\r\n\r\n', [], []],
      ['nothing but a status', 'NATS/1.0 503\r\n\r\n', [], []],
      ['no version line', 'junk\r\nA: 1\r\n\r\n', ['A'], [['1', ['1'], true]]],
      ['no end', 'NATS/1.0\r\nA: 1', ['A'], [['1', ['1'], true]]],
      ['line breaks of another system', 'NATS/1.0\nA: 1\n\n', [], []],
    ])('reads a header block with %s', async (_, block, keys, values) => {
      expect(await callWithBlock(server.port, 'headers', block)).toEqual({ keys, values });
    });

    it('reads a header block of 60 KB, and one of 5,000 lines', async () => {
      const long = 'x'.repeat(60_000);
      const asked = JSON.stringify(['A']);
      expect(await callWithBlock(server.port, 'headers', `NATS/1.0\r\nA: ${long}\r\n\r\n`, asked)).toEqual({
        keys: ['A'],
        values: [[long, [long], true]],
      });
      const many = Array.from({ length: 5000 }, (_, i) => `K${i}: ${i}\r\n`).join('');
      expect(await callWithBlock(server.port, 'headers', `NATS/1.0\r\n${many}\r\n`, '[]')).toMatchObject({
        keys: { length: 5000 },
      });
    });

    it('hostile blocks leave the neighbours alone', async () => {
      const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256));
      const calls = [noise, Buffer.alloc(100), 'NATS/1.0\r\n', '\r\n\r\n\r\n', ':::::'].map((block) =>
        callWithBlock(server.port, 'headers', block),
      );
      const neighbours = await Promise.all(Array.from({ length: 20 }, () => stage.call('state')));
      expect(neighbours.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, () => 1));
      expect(await Promise.all(calls)).toHaveLength(5);
    });
  });

  describe('replyHeaders', () => {
    it('set, append and delete, with the case of names and many values', async () => {
      const reply = await stage.call('reply', [
        ['set', 'X-One', '0'],
        ['set', 'X-One', '1'],
        ['append', 'x-mAny', 'a'],
        ['append', 'x-mAny', 'b'],
        ['set', 'Gone', 'x'],
        ['delete', 'Gone', ''],
        ['set', 'Utf8', 'größe'],
      ]);
      expect([reply.headerValues('X-One'), reply.headerValues('x-mAny')]).toEqual([['1'], ['a', 'b']]);
      expect([reply.header('Gone'), reply.header('X-many'), reply.header('Utf8')]).toEqual([
        undefined,
        undefined,
        'größe',
      ]);
      expect(reply.value).toBe('done');
    });

    it('none are sent when all were deleted', async () => {
      const reply = await stage.call('reply', [
        ['set', 'A', '1'],
        ['delete', 'A', ''],
      ]);
      expect(reply.message.headers).toBeUndefined();
    });

    it.each<[string, ReplyHeaderCall]>([
      ['a name with a colon', ['set', 'a:b', 'x']],
      ['a name with a blank', ['set', 'a b', 'x']],
      ['an empty name', ['append', '', 'x']],
      ['a name with a line break', ['append', 'a\r\nb', 'x']],
      ['a value with CR LF', ['set', 'A', 'x\r\nB: y']],
      ['a value with LF', ['append', 'A', 'x\n\nPUB a 0']],
      ['a value with NUL', ['set', 'A', '\0']],
    ])('%s is a 500 that is logged, and harms no neighbour', async (_, call) => {
      const before = stage.log.of('error').length;
      const [reply, ...neighbours] = await Promise.all([
        stage.call('reply', [call]),
        ...Array.from({ length: 5 }, () => stage.call('state')),
      ]);
      expect([reply.code, reply.description, reply.header('A'), reply.header('B')]).toEqual([
        500,
        'internal error',
        undefined,
        undefined,
      ]);
      expect(neighbours.map(({ value }) => value)).toEqual([1, 1, 1, 1, 1]);
      expect(stage.log.of('error').slice(before)).toMatchObject([
        { message: 'handler failed', details: { err: expect.any(TypeError) as Error } },
      ]);
    });

    it('are kept in an error reply; the headers of the error win over them, and the error headers over all', async () => {
      const reply = await stage.call('fail', [
        ['set', 'X-Kept', 'k'],
        ['set', 'X-Error', '0'],
        ['set', 'Nats-Service-Error-Code', '1'],
      ]);
      expect([reply.code, reply.description]).toEqual([409, 'no']);
      expect([reply.headerValues('X-Kept'), reply.headerValues('X-Error')]).toEqual([['k'], ['1', '2']]);
      expect([reply.headerValues('Nats-Service-Error'), reply.headerValues('Nats-Service-Error-Code')]).toEqual([
        ['no'],
        ['409'],
      ]);
    });

    it('a ServiceError with headers that cannot be sent is a 500', async () => {
      for (const name of ['X', 'a:b']) expect((await stage.call('failWith', JSON.stringify(name))).code).toBe(500);
    });
  });

  describe('deadline and signal', () => {
    const left = async (timeout?: string, subject = 'deadline') =>
      (
        (await stage.call(subject, '', timeout === undefined ? {} : { headers: { 'Natsmith-Timeout': timeout } }))
          .value as { left: number | null }
      ).left;

    it('there is none without a timeout', async () => {
      expect(await left()).toBeNull();
    });

    it('comes from the header Natsmith-Timeout, in milliseconds', async () => {
      for (const [timeout, ms] of [
        ['60000', 60_000],
        ['50000.5', 50_000],
      ] as const) {
        expect(await left(timeout)).toBeGreaterThan(ms - 30_000);
        expect(await left(timeout)).toBeLessThanOrEqual(ms + 1);
      }
    });

    it('is the nearer one of the endpoint and the caller', async () => {
      expect(await left('1000', 'limited')).toBeLessThanOrEqual(1001);
      expect(await left('5000', 'limited')).toBeLessThanOrEqual(3001);
      expect(await left(undefined, 'limited')).toBeLessThanOrEqual(3001);
    });

    it.each(['soon', '', 'NaN', '1,5', '1e400', '1e300', 'Infinity', '99999999999999999999', '0x10'])(
      'a caller that says %j has no deadline',
      async (timeout) => {
        expect(await left(timeout)).toBeNull();
      },
    );

    it.each(['0', '-1', '-999999'])(
      'a caller whose time is up (%s) gets 504, and the handler is not called',
      async (timeout) => {
        const reply = await stage.call('deadline', '', { headers: { 'Natsmith-Timeout': timeout } });
        expect([reply.code, reply.description, reply.text]).toEqual([504, 'timeout', '']);
      },
    );

    it('a caller with a month of patience is not timed out at once', async () => {
      expect(await left(String(30 * 24 * 3600 * 1000))).toBeGreaterThan(29 * 24 * 3600 * 1000);
    });

    it('the signal is aborted when the time of the caller is up', async () => {
      const reply = await stage.call('slow', '', { headers: { 'Natsmith-Timeout': '30' } });
      expect(reply.code).toBe(504);
    });
  });

  it('state belongs to one request, however many run', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => stage.call('state')));
    expect(new Set(replies.map(({ value }) => value))).toEqual(new Set([1]));
  });
});
