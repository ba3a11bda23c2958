import fc from 'fast-check';
import { type Operations, ProtocolError } from './operations';
import { Parser } from './parser';

const MAX_PAYLOAD = 64;

/** What the parser makes of some chunks: the operations in order, and the error that ended them. */
function read(
  chunks: Buffer[],
  set: Partial<Pick<Parser, 'headers' | 'expectConnect'>> = { headers: true },
): unknown[] {
  const seen: unknown[] = [];
  const operations: Operations = {
    connect: (json) => seen.push(['connect', json]),
    publish: ({ frame, ...rest }) => seen.push(['publish', { ...rest, frame: frame.toString('latin1') }]),
    subscribe: (...args) => seen.push(['subscribe', ...args]),
    unsubscribe: (...args) => seen.push(['unsubscribe', ...args]),
    ping: () => seen.push(['ping']),
    pong: () => seen.push(['pong']),
  };
  const parser = Object.assign(new Parser(operations, MAX_PAYLOAD), set);
  try {
    for (const chunk of chunks) parser.parse(chunk);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    seen.push(['error', error.reply]);
  }
  return seen;
}

const one = (text: string): unknown[] => read([Buffer.from(text, 'latin1')]);

describe('a parser', () => {
  test('reads every operation', () => {
    const text =
      'CONNECT {"a":1}\r\nPING\r\nPONG\r\n+OK\r\nINFO {}\r\nSUB a.* 1\r\nSUB a q 2\r\nUNSUB 1\r\nUNSUB 2 5\r\n' +
      'PUB a 2\r\nhi\r\nPUB a r 0\r\n\r\nHPUB a r 4 6\r\nhdr:hi\r\n';
    expect(one(text)).toEqual([
      ['connect', '{"a":1}'],
      ['ping'],
      ['pong'],
      ['subscribe', 'a.*', undefined, '1'],
      ['subscribe', 'a', 'q', '2'],
      ['unsubscribe', '1', -1],
      ['unsubscribe', '2', 5],
      ['publish', { subject: 'a', reply: undefined, headerSize: 0, frame: 'hi\r\n' }],
      ['publish', { subject: 'a', reply: 'r', headerSize: 0, frame: '\r\n' }],
      ['publish', { subject: 'a', reply: 'r', headerSize: 4, frame: 'hdr:hi\r\n' }],
    ]);
  });

  test('hands on a payload that came whole without copying it', () => {
    const chunk = Buffer.from('PUB a 2\r\nhi\r\n');
    let frame: Buffer | undefined;
    const nothing = (): void => undefined;
    const operations = { connect: nothing, subscribe: nothing, unsubscribe: nothing, ping: nothing, pong: nothing };
    new Parser({ ...operations, publish: (publication) => (frame = publication.frame) }, MAX_PAYLOAD).parse(chunk);
    expect(frame?.buffer).toBe(chunk.buffer);
  });

  test('knows a wrong verb at its first wrong byte, without waiting for the end of the line', () => {
    expect(one('PUX')).toEqual([['error', 'Unknown Protocol Operation']]);
    expect(one('G')).toEqual([['error', 'Unknown Protocol Operation']]);
    expect(one('PUB\r')).toEqual([['error', 'Unknown Protocol Operation']]);
  });

  test('knows a payload that is too long at its first byte too many', () => {
    expect(one('PUB a 2\r\nhiX')).toEqual([['error', 'Unknown Protocol Operation']]);
  });

  test('refuses a payload over the maximum before it arrives', () => {
    expect(one(`PUB a ${MAX_PAYLOAD + 1}\r\n`)).toEqual([['error', 'Maximum Payload Violation']]);
    expect(one(`HPUB a 1 ${MAX_PAYLOAD + 1}\r\n`)).toEqual([['error', 'Maximum Payload Violation']]);
  });

  test('holds no more than one control line', () => {
    const endless = Array.from({ length: 10 }, () => Buffer.alloc(1024, 'x'));
    expect(read([Buffer.from('SUB '), ...endless])).toEqual([['error', 'maximum control line exceeded']]);
    expect(read([Buffer.from('PING'), ...endless])).toEqual([]);
  });

  test('takes only CONNECT first when it has to', () => {
    expect(read([Buffer.from('PING\r\n')], { expectConnect: true })).toEqual([['error', 'Authorization Violation']]);
    expect(read([Buffer.from('CONNECT {}\r\n')], { expectConnect: true })).toEqual([['connect', '{}']]);
  });

  test('leaves the rest of the bytes alone once it is stopped', () => {
    let pings = 0;
    const ping = (): void => {
      pings++;
      parser.stopped = true;
    };
    const nothing = (): void => undefined;
    const operations = { connect: nothing, publish: nothing, subscribe: nothing, unsubscribe: nothing, pong: nothing };
    const parser = new Parser({ ...operations, ping }, MAX_PAYLOAD);
    parser.parse(Buffer.from('PING\r\nPING\r\n'));
    expect(pings).toBe(1);
  });

  const word = fc.stringMatching(/^[!-~]{1,8}$/);
  const payload = fc.uint8Array({ maxLength: MAX_PAYLOAD }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const good = fc.oneof(
    fc.constantFrom('PING\r\n', 'pong\r\n', '+OK\n', 'CONNECT {"verbose":true}\r\n'),
    fc.tuple(word, word).map(([subject, sid]) => `SUB  ${subject}\t${sid}\r\n`),
    fc.tuple(word, fc.nat()).map(([sid, max]) => `UNSUB ${sid} ${max}\r\n`),
    fc.tuple(word, payload).map(([subject, bytes]) => `PUB ${subject} ${bytes.length}\r\n${bytes}\r\n`),
    fc.tuple(word, payload).map(([subject, bytes]) => `HPUB ${subject} r 0 ${bytes.length}\r\n${bytes}\r\n`),
  );
  const bad = fc.oneof(
    payload,
    fc.constantFrom(
      'PUB x 3\r\nhi\r\n',
      'PUB x\r\n',
      'SUB\r\n',
      'HPUB x 9 2\r\n',
      'PUB x -1\r\n',
      `SUB ${'x'.repeat(5000)}`,
    ),
  );
  const input = fc
    .array(fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: bad }), { maxLength: 12 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

  test('gives the same operations and the same error when the input comes byte by byte', () => {
    fc.assert(
      fc.property(input, (bytes) => {
        expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(read([bytes]));
      }),
    );
  });

  test('gives the same operations and the same error wherever the input is split', () => {
    fc.assert(
      fc.property(input, fc.array(fc.nat(400), { maxLength: 6 }), (bytes, cuts) => {
        const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        expect(read(ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)))).toEqual(read([bytes]));
      }),
    );
  });
});
