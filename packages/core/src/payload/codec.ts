import { asBuffer, bytesIn, guardedCodec, jsonOf, parseJson, utf8, wholeBytes } from '@natsmith/protocol';
import type { Codec, CodecName } from '../define/handler';

/** JSON in UTF-8; an empty body is `undefined`, both ways. */
const json: Codec = {
  name: 'json',
  decode: parseJson,
  encode(value) {
    if (value === undefined) return EMPTY;
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype) {
      const bytes = bytesIn(value);
      if (bytes !== undefined) return bytes;
    }
    const encoded = jsonOf(value);
    if (encoded === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
    return encoded;
  },
};

/** Text in UTF-8. */
const text: Codec = {
  name: 'text',
  decode: utf8,
  encode(value) {
    if (value === undefined) return EMPTY;
    if (typeof value === 'string') return value;
    const bytes = bytesIn(value);
    if (bytes === undefined) throw new TypeError(`codec "text" sends strings, not ${typeof value}`);
    return bytes;
  },
};

/** The body as it is. */
const bytes: Codec = {
  name: 'bytes',
  decode: asBuffer,
  encode(value) {
    if (value === undefined) return EMPTY;
    const bytes = bytesIn(value);
    if (bytes === undefined) throw new TypeError(`codec "bytes" sends Uint8Arrays, not ${typeof value}`);
    return bytes;
  },
};

/** The body of a reply or of a stream's item; throws for what has none. */
export function encodeReply(value: unknown, codec: Codec): Uint8Array | string {
  if (value === undefined) return EMPTY;
  return value instanceof Uint8Array ? wholeBytes(value) : codec.encode(value);
}

export const EMPTY: Uint8Array = new Uint8Array(0);

const CODECS: Record<CodecName, Codec> = { json, text, bytes };

export function codecNamed(codec: CodecName | Codec): Codec {
  return typeof codec === 'string' ? CODECS[codec] : guardedCodec(codec);
}
