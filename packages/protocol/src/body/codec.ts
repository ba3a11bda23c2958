import { isUtf8 } from '../platform/node';
import type { Codec } from '../events/payload-type';
import { errorNamed } from '../services/error-catalogue';
import { ServiceError } from '../services/service-error';
import { textOf } from '../text';
import { isAbandoned } from './thenable';
import { wholeBytes } from './whole-bytes';

/** The text of a body. @throws ServiceError 400 for bytes that are not UTF-8 */
export function utf8(body: Uint8Array): string {
  const decoded = textOf(body);
  // U+FFFD is what bytes that are not UTF-8 become, and rarely what somebody sent.
  if (decoded.includes('\uFFFD') && !isUtf8(body)) throw errorNamed('notUtf8');
  return decoded;
}

/**
 * A codec of the user, the one place where it is called: what it throws at a body is the caller's fault, and what it
 * encodes must be bytes or a string. A promise is neither; one that nobody waits for is not to end the process.
 */
export function guardedCodec(codec: Codec): Codec {
  return {
    name: codec.name,
    decode(body) {
      let value: unknown;
      try {
        value = codec.decode(body);
      } catch (cause) {
        if (cause instanceof ServiceError) throw cause;
        throw errorNamed('notDecoded', { codec: codec.name }, { cause });
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
