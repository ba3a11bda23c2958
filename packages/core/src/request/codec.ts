import { isUtf8 } from 'node:buffer';
import { parse as parseWithoutPrototypes } from 'secure-json-parse';
import { ServiceError, textOf } from '@natsmith/protocol';
import type { Codec, CodecName } from '../define/handler';
import { jsonProblem } from './json-limits';
import { asBuffer } from './message';

/** JSON in UTF-8; an empty body is `undefined`, both ways. */
const json: Codec = {
  name: 'json',
  decode(body) {
    if (body.length === 0) return undefined;
    const problem = jsonProblem(body);
    if (problem !== undefined) throw new ServiceError(400, problem);
    const source = utf8(body);
    // Keys that could reach a prototype when user code copies the value are removed; few bodies can hold one.
    const isSuspicious = source.includes('__proto__') || source.includes('constructor') || source.includes('\\u');
    try {
      const value: unknown = isSuspicious
        ? parseWithoutPrototypes(source, { protoAction: 'remove', constructorAction: 'remove' })
        : JSON.parse(source);
      return value;
    } catch {
      throw new ServiceError(400, 'body is not valid JSON');
    }
  },
  encode(value) {
    if (value === undefined) return EMPTY;
    // JSON.stringify is declared to give a string, but gives undefined for functions and symbols.
    const encoded = JSON.stringify(value) as string | undefined;
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
    if (typeof value !== 'string') throw new TypeError(`codec "text" sends strings, not ${typeof value}`);
    return value;
  },
};

/** The body as it is. */
const bytes: Codec = {
  name: 'bytes',
  decode: asBuffer,
  encode(value) {
    if (value === undefined) return EMPTY;
    throw new TypeError(`codec "bytes" sends Uint8Arrays, not ${typeof value}`);
  },
};

export const EMPTY: Uint8Array = new Uint8Array(0);

const CODECS: Record<CodecName, Codec> = { json, text, bytes };

export function codecNamed(codec: CodecName | Codec): Codec {
  return typeof codec === 'string' ? CODECS[codec] : guarded(codec);
}

/** A codec of the user: what it throws at a body is the caller's fault, and what it encodes must be bytes. */
function guarded(codec: Codec): Codec {
  return {
    name: codec.name,
    decode(body) {
      try {
        return codec.decode(body);
      } catch (cause) {
        if (cause instanceof ServiceError) throw cause;
        throw new ServiceError(400, `body is not valid ${codec.name}`, { cause });
      }
    },
    encode(value) {
      const body: unknown = codec.encode(value);
      // The client libraries take other things, too, and break the connection with them.
      if (body instanceof Uint8Array) return body;
      throw new TypeError(`codec "${codec.name}" encoded to a ${typeof body}; return a Uint8Array`);
    },
  };
}

function utf8(body: Uint8Array): string {
  const decoded = textOf(body);
  // U+FFFD is what bytes that are no UTF-8 become, and rarely what somebody sent.
  if (decoded.includes('\uFFFD') && !isUtf8(body)) throw new ServiceError(400, 'body is not UTF-8');
  return decoded;
}
