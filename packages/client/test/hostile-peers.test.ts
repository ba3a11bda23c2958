import { ServiceClient, type ServiceError, StreamError, TimeoutError } from '@natsmith/client';
import * as fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServerAndClient } from '#test/matrix';
import { RawPeer, type RawMessage } from '#test/raw-peer';

/** A message of a service that means no good. */
interface Frame {
  readonly lines: readonly string[] | undefined;
  readonly data: string;
  readonly reply: string;
}

const foreignSubjects = [
  'victim.a',
  '$JS.API.STREAM.PURGE.ORDERS',
  '$SYS.REQ.SERVER.PING',
  '$SRV.PING',
  '_INBOX',
  '_INBOX.>',
  '_INBOX.*.a',
  'x._INBOX.a',
];
const subject = fc.constantFrom('', '_INBOX.evil.a', '_INBOX.evil.a', '_INBOX.evil.b', ...foreignSubjects);
const number = fc.constantFrom('0', '1', '1', '2', '2', '3', '-1', '1.5', 'x', '9'.repeat(400), '67108864', '67108865');
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('Natsmith-Seq', 'Natsmith-Heartbeat', 'Natsmith-Size', 'Natsmith-Credit'), number)
    .map(([name, value]) => `${name}: ${value}`),
  fc.tuple(fc.constantFrom('Nats-Service-Error-Code', 'Nats-Service-Error'), number).map(([a, b]) => `${a}: ${b}`),
  // What the decoders of the client libraries throw on.
  fc.constantFrom(
    'a b: c',
    'ä: c',
    ': c',
    'a',
    'a: b\rc',
    'a: b\nc',
    'a: b\u0000c',
    '__proto__: c',
    `a: ${'x'.repeat(5000)}`,
  ),
);
const frame: fc.Arbitrary<Frame> = fc.record({
  lines: fc.option(fc.array(line, { maxLength: 3 }), { nil: undefined }),
  data: fc.constantFrom(
    '',
    '',
    '1',
    '"a"',
    'not json',
    'credit 5',
    'credit 999999999999999',
    'cancel',
    'x'.repeat(3000),
  ),
  reply: subject,
});
const frames = fc.array(frame, { minLength: 1, maxLength: 6 });

onEachServerAndClient((server, library) => {
  let peer: RawPeer;
  let observer: RawPeer;
  let client: ServiceClient;
  let published: RawMessage[];

  beforeEach(async () => {
    peer = await RawPeer.open(server.port);
    observer = await RawPeer.open(server.port);
    published = [];
    client = new ServiceClient(await library.connect(), { timeout: 3000 });
    await peer.subscribe('fine', ({ reply }) => peer.publish(reply ?? '', '"fine"'));
  });
  afterEach(async () => {
    await client.close();
    peer.close();
    observer.close();
  });
  const observe = async (): Promise<void> => {
    await observer.subscribe('>', (message) => published.push(message));
    await client.connection.flush();
    await delay(20);
  };
  const collect = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
    const all: unknown[] = [];
    for await (const item of items) all.push(item);
    return all;
  };
  /** Resolves to what came, be it an error; rejects where nothing comes. */
  const settled = async (promise: Promise<unknown>): Promise<unknown> => {
    const result = await Promise.race([
      promise.catch((error: unknown) => error),
      delay(30_000, 'nothing', { ref: false }),
    ]);
    if (result === 'nothing') throw new Error('nothing for 3 s');
    return result;
  };
  async function* items(): AsyncGenerator<number> {
    for (let n = 1; n <= 20; n++) yield n;
  }
  const sendAll = (to: string | undefined, all: readonly Frame[]): void => {
    for (const { data, lines, reply } of all) peer.publish(to ?? '', data, lines, reply);
  };
  const controlOf = ({ head }: RawMessage): string | undefined => /Natsmith-Upload: (\S+)/.exec(head)?.[1];

  test('whatever a service answers, calls settle, and nothing goes where it should not', async () => {
    await observe();
    let answer: readonly Frame[] = [];
    await peer.subscribe('evil', (request) => {
      const upload = controlOf(request);
      if (upload !== undefined) sendAll(upload, answer);
      sendAll(request.reply, answer);
    });
    await fc.assert(
      fc.asyncProperty(frames, async (all) => {
        answer = all;
        await Promise.all([
          settled(client.call('evil', 1, { timeout: 60 })),
          settled(client.call('evil', items(), { timeout: 60 })),
          settled(collect(client.stream('evil', 1, { timeout: 60 }))),
          settled(collect(client.stream('evil', items(), { timeout: 60, credit: 2 }))),
          settled(Promise.resolve(client.gather('evil', 1, { timeout: 60, stall: 20 }))),
        ]);
        expect(await client.call('fine', undefined, { timeout: 3000 })).toBe('fine');
      }),
      { numRuns: 40 },
    );
    await delay(20);
    const subjects = new Set(published.map(({ subject }) => subject.replace(/^(_INBOX)\..+$/, '$1')));
    expect([...subjects].sort()).toEqual(['_INBOX', 'evil', 'fine']);
  });

  describe('a producer that names another subject for its credit', () => {
    const item = (n: number): readonly string[] => [`Natsmith-Seq: ${n}`];

    test.each(foreignSubjects)('%s is an error of the stream, and nothing is sent there', async (foreign) => {
      await observe();
      await peer.subscribe('evil', ({ reply }) => {
        peer.publish(reply!, '1', item(1), foreign);
        peer.publish(reply!, '2', item(2), foreign);
      });
      const error = await settled(collect(client.stream('evil')));
      expect(error).toBeInstanceOf(StreamError);
      expect((error as Error).message).toContain(`asks for credit on "${foreign}", which is not an inbox`);
      await delay(20);
      expect(published.filter(({ subject }) => !subject.startsWith('_INBOX.')).map(({ subject }) => subject)).toEqual([
        'evil',
      ]);
    });

    test('in the middle of the stream is an error after the items before it', async () => {
      await observe();
      await peer.subscribe('evil', ({ reply }) => {
        peer.publish(reply!, '1', item(1), '_INBOX.evil.a');
        peer.publish(reply!, '2', item(2), 'victim.a');
      });
      const seen: unknown[] = [];
      const error = await settled(
        (async () => {
          for await (const one of client.stream('evil')) seen.push(one);
        })(),
      );
      expect(seen).toEqual([1]);
      expect((error as Error).message).toContain('asks for credit on "victim.a", but began with another subject');
      await delay(20);
      expect(published.some(({ subject }) => subject === 'victim.a')).toBe(false);
    });

    test('is heard where its inbox prefix is named in "inboxes"', async () => {
      await using trusting = new ServiceClient(client.connection, { inboxes: ['victim'] });
      await peer.subscribe('evil', ({ reply }) => {
        peer.publish(reply!, '1', item(1), 'victim.a');
        peer.publish(reply!, '', item(2));
      });
      expect(await collect(trusting.stream('evil'))).toEqual([1]);
    });
  });

  test.each(foreignSubjects)('items of an upload do not go to %s', async (foreign) => {
    await observe();
    await peer.subscribe('evil', (request) => peer.publish(controlOf(request)!, 'credit 10', undefined, foreign));
    const error = await settled(client.call('evil', items(), { timeout: 3000 }));
    expect(error).toBeInstanceOf(StreamError);
    expect((error as Error).message).toContain(
      `asks for the items of its payload on "${foreign}", which is not an inbox`,
    );
    await delay(20);
    expect(published.filter(({ subject }) => !subject.startsWith('_INBOX.'))).toHaveLength(1);
  });

  test.each(foreignSubjects)('a reply in chunks is not asked for on %s', async (foreign) => {
    await observe();
    await peer.subscribe('evil', ({ reply }) => peer.publish(reply!, '', ['Natsmith-Size: 5'], foreign));
    const error = await settled(client.call('evil', 1, { timeout: 3000 }));
    expect(error).toBeInstanceOf(StreamError);
    expect((error as Error).message).toContain('which is not an inbox');
    await delay(20);
    expect(published.filter(({ subject }) => !subject.startsWith('_INBOX.'))).toHaveLength(1);
  });

  describe('a service that was called once', () => {
    test('cannot forge the replies of others', async () => {
      const replies: string[] = [];
      await peer.subscribe('evil', ({ reply }) => {
        replies.push(reply!);
        peer.publish(reply!, '"real"');
      });
      await client.call('evil');
      await client.call('evil');
      const [one, two] = replies.map((reply) => reply.split('.').at(-1)!) as [string, string];
      expect(one).toMatch(/^[\w-]{22}$/);
      expect(two).not.toBe(one);
      await peer.subscribe('slow', ({ reply }) => {
        const prefix = replies[0]!.slice(0, -one.length);
        for (let n = 0; n < 1000; n++) peer.publish(prefix + n.toString(36), '"forged"');
        for (const known of replies) peer.publish(known, '"forged"');
        setTimeout(() => peer.publish(reply!, '"real"'), 20);
      });
      expect(await client.call('slow', undefined, { timeout: 3000 })).toBe('real');
    });

    test('sends nothing for a reply that comes too late, not even a cancel of its stream', async () => {
      await observe();
      await peer.subscribe('evil', ({ reply }) => {
        peer.publish(reply!, '"real"');
        peer.publish(reply!, '2', ['Natsmith-Seq: 2'], '_INBOX.evil.a');
        peer.publish(reply!, '', ['Natsmith-Heartbeat: 2'], 'victim.a');
      });
      expect(await client.call('evil')).toBe('real');
      await delay(20);
      expect(published.filter(({ subject }) => /evil\.|victim/.test(subject))).toEqual([]);
    });
  });

  test('of 100,000 headers in a reply few are kept', async () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `h${n}:`);
    const error = (line: string): string[] => [line, ...lines];
    await peer.subscribe('evil', ({ reply }) => peer.publish(reply!, '', error('Nats-Service-Error-Code: 418')));
    const seen = (await settled(client.call('evil', 1, { timeout: 20_000 }))) as ServiceError;
    expect(seen).toMatchObject({ code: 418 });
    expect(Object.keys(seen.headers!)).toHaveLength(100);
  });

  test('the description of an error is one line of at most 1,024 characters', async () => {
    const text = `a\u001b[31m\u0000b\rc${'x'.repeat(5000)}`;
    await peer.subscribe('evil', ({ reply }) => peer.publish(reply!, '', [`Nats-Service-Error: ${text}`]));
    const error = (await settled(client.call('evil'))) as ServiceError;
    expect(error.code).toBe(500);
    expect(error.description).toMatch(/^a \[31m b c?x*/);
    expect(error.description.length).toBeLessThanOrEqual(1024);
  });

  test('an echo of the request is not mistaken for a stream or its heartbeat', async () => {
    await peer.subscribe('echo', ({ reply, head, data }) =>
      peer.publish(
        reply!,
        data,
        head.split('\r\n').filter((line) => line.includes(':')),
      ),
    );
    for (const payload of [{ a: 1 }, undefined])
      await expect(collect(client.stream('echo', payload))).rejects.toThrow('the reply of echo is not a stream');
  });

  test('a stream that its service ends because somebody else took it back is an error, never a clean end', async () => {
    await peer.subscribe('evil', ({ reply }) => {
      peer.publish(reply!, '1', ['Natsmith-Seq: 1'], '_INBOX.evil.a');
      const left = ['Natsmith-Seq: 2', 'Nats-Service-Error-Code: 499', 'Nats-Service-Error: the caller has left'];
      peer.publish(reply!, '', left);
    });
    expect(await settled(collect(client.stream('evil')))).toMatchObject({ name: 'ServiceError', code: 499 });
  });

  test('the time of a stream that runs out is a TimeoutError, also where the service says so first', async () => {
    await peer.subscribe('evil', ({ reply }) => {
      peer.publish(reply!, '1', ['Natsmith-Seq: 1'], '_INBOX.evil.a');
      setTimeout(() => peer.publish(reply!, '', ['Nats-Service-Error-Code: 504', 'Nats-Service-Error: timeout']), 78);
    });
    for (let i = 0; i < 5; i++)
      expect(await settled(collect(client.stream('evil', 1, { timeout: 80 })))).toBeInstanceOf(TimeoutError);
  });

  test('a flood beyond the credit is an error, and its subscription ends: the producer hears that nobody listens', async () => {
    let gone = 0;
    await peer.subscribe('_INBOX.evil.>', ({ head }) => {
      if (head.includes('503')) gone++;
    });
    let flood: NodeJS.Timeout | undefined;
    await peer.subscribe('evil', ({ reply }) => {
      let n = 0;
      flood = setInterval(() => {
        for (let i = 0; i < 50; i++) peer.publish(reply!, 'x'.repeat(1000), [`Natsmith-Seq: ${++n}`], '_INBOX.evil.a');
      }, 5);
    });
    const iterator = client.stream('evil', 1, { as: 'text', timeout: 5000 })[Symbol.asyncIterator]();
    await iterator.next();
    await expect(
      (async () => {
        for (;;) {
          await delay(5);
          if ((await iterator.next()).done === true) return;
        }
      })(),
    ).rejects.toThrow('evil sends more items than it has credit for');
    while (gone === 0) await delay(5);
    clearInterval(flood);
  });
});
