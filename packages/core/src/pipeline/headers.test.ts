import * as fc from 'fast-check';
import { ReceivedHeaders } from '@natsmith/protocol';
import { HeadersToSend } from './headers';

describe('headers to send', () => {
  const name = fc.stringMatching(/^[!-9;-~]{1,20}$/);
  const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\r\n\0]/g, '').trim());

  it('arrive as they were set', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (lines) => {
        const headers = new HeadersToSend();
        for (const [key, text] of lines) headers.append(key, text);
        const received = new ReceivedHeaders(Buffer.from(headers.encode()).toString());
        expect(received.keys()).toEqual([...new Set(lines.map(([key]) => key))]);
        for (const key of received.keys())
          expect(received.getAll(key)).toEqual(lines.filter(([other]) => other === key).map(([, text]) => text));
      }),
    );
  });

  it('hold no line but their own, whatever somebody tries to set', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, text) => {
        const headers = new HeadersToSend();
        let set = true;
        try {
          headers.set(key, text);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          set = false;
        }
        expect(Buffer.from(headers.encode()).toString().split('\n')).toHaveLength(set ? 4 : 3);
      }),
    );
  });

  it('begin with the version and end with an empty line', () => {
    const headers = new HeadersToSend();
    headers.set('A', '1');
    headers.append('A', '2');
    headers.set('B', '3');
    headers.delete('B');
    expect(Buffer.from(headers.encode()).toString()).toBe('NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n');
    headers.delete('A');
    expect(headers.isEmpty).toBe(true);
  });
});

describe('received headers', () => {
  it('never throw, whatever the block holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (block) => {
        const headers = new ReceivedHeaders(block);
        for (const key of headers.keys()) {
          expect(headers.has(key)).toBe(true);
          expect(headers.get(key)).toBe(headers.getAll(key)[0]);
        }
        expect(headers.get('none of these')).toBeUndefined();
      }),
    );
  });

  it('return the same first value before and after the rest is parsed', () => {
    const piece = fc.constantFrom('a', 'b', ':', ' ', '\r\n', '\r', '\n');
    const text = (maxLength: number) => fc.array(piece, { maxLength }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text(20), text(3), (lines, key) => {
        const block = `NATS/1.0\r\n${lines}`;
        const parsed = new ReceivedHeaders(block);
        parsed.keys();
        expect(new ReceivedHeaders(block).get(key)).toBe(parsed.get(key));
      }),
      { numRuns: 2000 },
    );
  });

  it('return copies: changing a list changes nothing', () => {
    const headers = new ReceivedHeaders('NATS/1.0\r\nA: 1\r\n\r\n');
    headers.getAll('A').push('2');
    headers.keys().push('B');
    expect([headers.getAll('A'), headers.keys()]).toEqual([['1'], ['A']]);
  });
});

describe('headers to send', () => {
  it.each([
    [5, '5'],
    [true, 'true'],
    ['', ''],
  ])('take %j as a string', (value, text) => {
    const headers = new HeadersToSend();
    headers.set('X', value as string);
    expect(headers.block()).toBe(`NATS/1.0\r\nX: ${text}\r\n\r\n`);
  });

  it.each([
    ['X', undefined, 'the value of header "X" must be a string, got undefined'],
    ['X', null, 'the value of header "X" must be a string, got null'],
    ['X', {}, 'the value of header "X" must be a string, got object'],
    ['X', 'a\r\nB: c', 'the value of header "X" contains a line break or NUL; a header value is one line'],
    ['', 'a', '"" is not a header name; use printable ASCII without spaces and ":"'],
    ['X:', 'a', '"X:" is not a header name; use printable ASCII without spaces and ":"'],
    [undefined, 'a', 'a header name must be a string, got undefined'],
  ])('refuse %j: %j, and keep what was there', (name, value, problem) => {
    const headers = new HeadersToSend();
    headers.set('X', 'before');
    expect(() => headers.set(name as string, value as string)).toThrow(new TypeError(problem));
    expect(() => headers.append(name as string, value as string)).toThrow(new TypeError(problem));
    expect(headers.block()).toBe('NATS/1.0\r\nX: before\r\n\r\n');
  });
});
