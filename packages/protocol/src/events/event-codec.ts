import { Buffer } from '../platform/node';
import { guardedCodec, utf8 } from '../body/codec';
import { parseJson } from '../body/json';
import { jsonOf } from '../body/json-value';
import { wholeBytes } from '../body/whole-bytes';
import { errorNamed } from '../services/error-catalogue';
import { payloadCheck, payloadProblem } from './payload-check';
import type { Codec, CodecName, ItemType } from './payload-type';

/** What an event says of what travels on it. */
interface Contract {
  readonly subject: string;
  readonly type: ItemType;
  readonly codec: CodecName | Codec;
}

const EMPTY = new Uint8Array(0);

/** How the payloads of an event are written and read. */
export interface EventCodec {
  /**
   * The body of a payload, when it is what its subscribers will take.
   * @throws ServiceError 400 with the violations
   */
  encode(payload: unknown): Promise<Uint8Array>;
  /**
   * The payload of a body.
   * @throws ServiceError 400 when it cannot be decoded or is not valid
   */
  decode(body: Uint8Array): Promise<unknown>;
}

/**
 * Makes the codec of an event.
 * @throws TypeError for a class whose payloads cannot be checked
 */
export function makeCodec({ subject, type, codec }: Contract): EventCodec {
  const isBytes = type === Uint8Array || type === Buffer;
  const coding = isBytes ? BYTES : typeof codec === 'string' ? CODECS[codec] : custom(codec);
  const isChecked = !isBytes && type !== 'unchecked';
  const problem = payloadProblem(type);
  if (problem !== undefined) throw new TypeError(`event "${subject}" ${problem}`);
  const check = payloadCheck(type);
  const read = (body: Uint8Array): unknown => check(coding.decode(body), body.length);
  return {
    async encode(payload) {
      const body = coding.encode(payload);
      // What is checked is what travels: a Date is a string by then, and a getter has been read.
      if (isChecked) await read(body);
      return body;
    },
    decode: async (body) => await read(body),
  };
}

interface Coding {
  encode(value: unknown): Uint8Array;
  decode(body: Uint8Array): unknown;
}

const JSON_CODING: Coding = {
  encode(value) {
    if (value === undefined) return EMPTY;
    const text = jsonOf(value);
    if (text === undefined) throw errorNamed('notJsonValue', { type: typeof value });
    return Buffer.from(text);
  },
  decode: parseJson,
};

const TEXT: Coding = {
  encode(value) {
    if (typeof value !== 'string') throw errorNamed('notString', { type: typeof value });
    return Buffer.from(value);
  },
  decode: utf8,
};

const BYTES: Coding = {
  encode(value) {
    if (value instanceof Uint8Array) return wholeBytes(value);
    throw errorNamed('notBytes', { type: typeof value });
  },
  decode: (body) => body,
};

const CODECS: Record<CodecName, Coding> = { json: JSON_CODING, text: TEXT, bytes: BYTES };

function custom(codec: Codec): Coding {
  const guarded = guardedCodec(codec);
  return {
    encode(value) {
      const body = guarded.encode(value);
      return typeof body === 'string' ? Buffer.from(body) : body;
    },
    decode: (body) => guarded.decode(body),
  };
}
