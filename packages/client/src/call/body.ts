import { Buffer, bytesIn, jsonOf, oneOf, textOf } from '@natsmith/protocol';

/** How a body is read. */
export type BodyKind = 'json' | 'text' | 'bytes';

export const aBodyKind = oneOf('json', 'text', 'bytes');

export const EMPTY = new Uint8Array(0);

/** JSON in UTF-8; bytes go as they are, and undefined is an empty body. @throws TypeError for what has no JSON form */
export function encodeBody(payload: unknown): Uint8Array {
  if (payload === undefined) return EMPTY;
  if (payload instanceof Uint8Array) return payload;
  const bytes = bytesIn(payload);
  if (bytes !== undefined) return bytes;
  const json = jsonOf(payload);
  if (json === undefined)
    throw new TypeError(
      `a ${typeof payload} cannot be sent as JSON; send an object, a string, a number or a Uint8Array`,
    );
  return Buffer.from(json);
}

/** Reads a reply; an empty one is undefined, except as bytes or text. */
export function decodeBody(body: Uint8Array, kind: BodyKind, subject: string): unknown {
  if (kind === 'bytes') return body;
  const text = textOf(body);
  if (kind === 'text') return text;
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`the reply of ${subject} is not JSON; call it with { as: 'text' } or { as: 'bytes' }`);
  }
}
