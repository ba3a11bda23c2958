import 'reflect-metadata';
import { type Codec, Endpoint, Service, ServiceError } from '@natsmith/core';
import { decode, encode } from '@msgpack/msgpack';
import { IsInt } from 'class-validator';
import { Reply } from '#test/reply';
import { onStage } from '#test/stage';

class Pair {
  @IsInt() a!: number;
  @IsInt() b!: number;
}

// #region codec
const messagePack: Codec = {
  name: 'msgpack',
  decode: (body) => decode(body),
  encode: (value) => encode(value),
};
// #endregion

const csv: Codec<string[]> = {
  name: 'csv',
  decode: (body) => {
    const text = Buffer.from(body).toString();
    if (text.includes(';')) throw new SyntaxError('found a semicolon in line 1');
    if (text.includes('|')) throw new ServiceError(415, 'no pipes');
    return text.split(',');
  },
  encode: (value) => {
    if (value.length > 3) throw new RangeError('secret: at most 3 columns');
    return Buffer.from(value.join(','));
  },
};

const broken = { name: 'broken', decode: () => 1, encode: () => 5 } as unknown as Codec;

@Service({ name: 'codecs', version: '1.0.0' })
class Codecs {
  @Endpoint() json({ a, b }: Pair) {
    return { sum: a + b };
  }
  @Endpoint({ request: 'unchecked' }) jsonOf(kind: string): unknown {
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    const values: Record<string, unknown> = {
      undefined: undefined,
      null: null,
      bigint: 1n,
      cyclic,
      function: () => 1,
      bytes: Uint8Array.from([1, 2]),
      date: new Date(0),
      toJSON: {
        toJSON() {
          throw new Error('secret');
        },
      },
    };
    return values[kind];
  }
  @Endpoint({ codec: 'text' }) text(payload: string) {
    if (payload === 'fail') throw new ServiceError(409, 'no', { data: { why: 'x' } });
    if (payload === 'words') throw new ServiceError(409, 'no', { data: 'just words' });
    if (payload === 'number') return 5;
    return payload === '' ? undefined : payload.toUpperCase();
  }
  @Endpoint({ codec: 'bytes' }) bytes(payload: Uint8Array) {
    if (payload[0] === 1) throw new ServiceError(409, 'no', { data: { why: 'x' } });
    if (payload[0] === 2) throw new ServiceError(409, 'no', { data: Uint8Array.from([7]) });
    if (payload[0] === 3) return 'a text' as unknown as Uint8Array;
    return payload;
  }
  @Endpoint({ codec: csv, request: 'unchecked' }) csv(row: string[]) {
    if (row[0] === 'fail') throw new ServiceError(409, 'no', { data: ['why', 'x'] });
    if (row[0] === 'unsendable') throw new ServiceError(409, 'no', { data: 5n });
    return row;
  }
  @Endpoint({ codec: broken, request: 'unchecked' }) broken() {
    return 'x';
  }
  // #region endpoint
  @Endpoint({ codec: messagePack }) pack({ a, b }: Pair) {
    if (b === 0) throw new ServiceError(409, 'zero', { data: { a } });
    return { sum: a + b };
  }
  // #endregion
}

onStage('codecs', Codecs, (stage) => {
  const outcome = ({ code, description, text }: Reply) => ({ code, description, text });

  describe('json', () => {
    it('is the default, both ways, without an envelope', async () => {
      expect((await stage.call('json', '{"a":1,"b":2}')).text).toBe('{"sum":3}');
    });

    it.each([
      ['undefined', ''],
      ['null', 'null'],
      ['date', '"1970-01-01T00:00:00.000Z"'],
      ['bytes', '\u0001\u0002'],
    ])('sends %s as %j', async (kind, text) => {
      expect(outcome(await stage.call('jsonOf', JSON.stringify(kind)))).toEqual({
        code: 200,
        description: undefined,
        text,
      });
    });

    it.each(['bigint', 'cyclic', 'function', 'toJSON'])(
      'a reply that has no JSON is a 500 and logged: %s',
      async (kind) => {
        const reply = outcome(await stage.call('jsonOf', JSON.stringify(kind)));
        expect(reply).toEqual({ code: 500, description: 'reply cannot be encoded', text: '' });
        expect(stage.log.problems).toContain('reply cannot be encoded');
      },
    );
  });

  describe('text', () => {
    it('sends and takes UTF-8 as it is; an empty body is an empty string', async () => {
      expect((await stage.call('text', 'größe')).text).toBe('GRÖSSE');
      expect((await stage.call('text')).text).toBe('');
    });

    it('refuses what is not UTF-8 with 400, and cannot send what is not a string', async () => {
      expect(outcome(await stage.call('text', Buffer.from([0xc3, 0x28])))).toMatchObject({
        code: 400,
        description: 'body is not UTF-8',
      });
      expect(outcome(await stage.call('text', 'number'))).toMatchObject({
        code: 500,
        description: 'reply cannot be encoded',
      });
    });

    it('error data that is a string goes out as it is, else as JSON', async () => {
      expect(outcome(await stage.call('text', 'words'))).toMatchObject({ code: 409, text: 'just words' });
      expect(outcome(await stage.call('text', 'fail'))).toMatchObject({ code: 409, text: '{"why":"x"}' });
    });
  });

  describe('bytes', () => {
    it('sends and takes bytes as they are', async () => {
      expect((await stage.call('bytes', Buffer.from([0, 255]))).body).toEqual(Buffer.from([0, 255]));
      expect(outcome(await stage.call('bytes', Buffer.from([3])))).toMatchObject({
        code: 500,
        description: 'reply cannot be encoded',
      });
    });

    it('error data goes as it is when it is bytes, else as JSON', async () => {
      expect((await stage.call('bytes', Buffer.from([2]))).body).toEqual(Buffer.from([7]));
      expect(outcome(await stage.call('bytes', Buffer.from([1])))).toMatchObject({ code: 409, text: '{"why":"x"}' });
    });
  });

  describe('a codec of the user', () => {
    it('is used for both ways, and for error data', async () => {
      expect(outcome(await stage.call('csv', 'a,b'))).toMatchObject({ code: 200, text: 'a,b' });
      expect(outcome(await stage.call('csv', 'fail'))).toMatchObject({ code: 409, text: 'why,x' });
    });

    it('that throws in decode is a 400, and its message goes to the log only', async () => {
      expect(outcome(await stage.call('csv', 'a;b'))).toEqual({
        code: 400,
        description: 'body is not valid csv',
        text: '',
      });
      expect(stage.log.problems).toContain('found a semicolon in line 1');
    });

    it('may throw a ServiceError', async () => {
      expect(outcome(await stage.call('csv', 'a|b'))).toMatchObject({ code: 415, description: 'no pipes' });
    });

    it('that throws in encode is a 500', async () => {
      const reply = outcome(await stage.call('csv', 'a,b,c,d'));
      expect(reply).toEqual({ code: 500, description: 'reply cannot be encoded', text: '' });
      expect(stage.log.problems).toContain('at most 3 columns');
    });

    it('that encodes to something other than bytes is a 500', async () => {
      expect(outcome(await stage.call('broken', 'x'))).toMatchObject({
        code: 500,
        description: 'reply cannot be encoded',
      });
    });

    it('whose error data cannot be encoded is a 500', async () => {
      expect(outcome(await stage.call('csv', 'unsendable'))).toMatchObject({
        code: 500,
        description: 'internal error',
      });
    });
  });

  describe('MessagePack, as in the guide', () => {
    it('carries payloads, replies and error data, and validates', async () => {
      const call = (payload: unknown) => stage.call('pack', messagePack.encode(payload));
      expect(decode((await call({ a: 1, b: 2 })).body)).toEqual({ sum: 3 });
      const failed = await call({ a: 1, b: 0 });
      expect([failed.code, decode(failed.body)]).toEqual([409, { a: 1 }]);
      const invalid = await call({ a: 1, b: 'x' });
      expect([invalid.code, decode(invalid.body)]).toMatchObject([400, [{ path: 'b' }]]);
    });

    it('is held to the same depth as JSON', async () => {
      const reply = await stage.call(
        'pack',
        Buffer.concat([Buffer.from([0x81, 0xa1, 0x61]), Buffer.alloc(500_000, 0x91), Buffer.from([1])]),
      );
      expect([reply.code, reply.description]).toEqual([400, 'body nests deeper than 100 levels']);
    });

    it('answers what is not MessagePack with 400', async () => {
      expect(await stage.call('pack', Buffer.from([0xc1]))).toMatchObject({
        code: 400,
        description: 'body is not valid msgpack',
      });
    });
  });
});
