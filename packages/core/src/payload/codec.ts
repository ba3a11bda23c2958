import { isUtf8 } from 'node:buffer';
import { parse as parseWithoutPrototypes } from 'secure-json-parse';
import { ServiceError, textOf } from '@natsmith/protocol';
import type { Codec, CodecName } from '../define/handler';
import { jsonProblem } from './json-limits';
import { asBuffer } from './whole-bytes';
import { checkJson, isKnownAsJson } from './json-value';
import { isAbandoned } from './thenable';
import { bytesIn, wholeBytes } from './whole-bytes';

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
    if (typeof value === 'object' && value !== null && !isKnownAsJson(value)) {
      const bytes = bytesIn(value);
      if (bytes !== undefined) return bytes;
      checkJson(value);
    }
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
  return typeof codec === 'string' ? CODECS[codec] : guarded(codec);
}

/**
 * A codec of the user, the one place where it is called: what it throws at a body is the caller's fault, and what it
 * encodes must be bytes or a string. A promise is neither; one that nobody waits for is not to end the process.
 */
function guarded(codec: Codec): Codec {
  return {
    name: codec.name,
    decode(body) {
      let value: unknown;
      try {
        value = codec.decode(body);
      } catch (cause) {
        if (cause instanceof ServiceError) throw cause;
        throw new ServiceError(400, `body is not valid ${codec.name}`, { cause });
      }
      if (isAbandoned(value))
        throw new TypeError(`codec "${codec.name}" decoded to a promise; make decode() synchronous`);
      return value;
    },
    encode(value) {
      const body: unknown = codec.encode(value);
      if (body instanceof Uint8Array) return wholeBytes(body);
      if (typeof body === 'string') return body;
      if (isAbandoned(body))
        throw new TypeError(`codec "${codec.name}" encoded to a promise; make encode() synchronous`);
      // The client libraries take other things, too, and break the connection with them.
      throw new TypeError(`codec "${codec.name}" encoded to a ${typeof body}; return a Uint8Array or a string`);
    },
  };
}

function utf8(body: Uint8Array): string {
  const decoded = textOf(body);
  // U+FFFD is what bytes that are no UTF-8 become, and rarely what somebody sent.
  if (decoded.includes('\uFFFD') && !isUtf8(body)) throw new ServiceError(400, 'body is not UTF-8');
  return decoded;
}
