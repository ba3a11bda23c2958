import {
  failureOf,
  only,
  sendUncredited,
  type Codec,
  type Context,
  type Next,
  type RequestContext,
} from '@natsmith/core';
import { asBuffer, errorNamed, isAsyncIterable, jsonOf, parseJson, ServiceError } from '@natsmith/protocol';

/** A body as it is without its envelope. */
interface Opened {
  readonly data: unknown;
  /** That of a request of Nest's client; undefined for its events, and for bodies without an envelope. */
  readonly id: string | undefined;
}

/** Characters; Nest's ids have 21. */
const MAX_ID = 200;
const PARTS = new Set(['pattern', 'data', 'id']);
const PATTERN = Buffer.from('"pattern"');

/**
 * Bodies that the middleware has read, so that the codec need not read them again. By their memory: the client libraries
 * give a new view of it whenever a message with headers is asked for its data.
 */
const opened = new WeakMap<ArrayBufferLike, Opened & { readonly start: number; readonly length: number }>();

/** Takes what the middleware has read of a body. */
function takeOpened({ buffer, byteOffset, length }: Uint8Array): Opened | undefined {
  const known = opened.get(buffer);
  if (known?.start !== byteOffset || known.length !== length) return undefined;
  opened.delete(buffer);
  return known;
}

/** @throws ServiceError 400 for what is not JSON */
function open(body: Uint8Array): Opened {
  const value = parseJson(body);
  const isOpened = isEnvelope(value) && namesPattern(body);
  return isOpened ? { data: value.data, id: value.id } : { data: value, id: undefined };
}

/** Whether a body may be an envelope; a search for bytes costs next to nothing. */
function namesPattern(body: Uint8Array): boolean {
  return asBuffer(body).includes(PATTERN);
}

function isEnvelope(value: unknown): value is { readonly data?: unknown; readonly id?: string } {
  if (typeof value !== 'object' || value === null || !('pattern' in value)) return false;
  const { pattern, id } = value as { pattern: unknown; id?: unknown };
  const hasPattern = typeof pattern === 'string' || typeof pattern === 'number' || isObject(pattern);
  const hasId = id === undefined || (typeof id === 'string' && id.length <= MAX_ID);
  return hasPattern && hasId && Object.keys(value).every((key) => PARTS.has(key));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The codec of endpoints that Nest's clients call: takes the payload out of `{ pattern, data, id }`. A body without that
 * envelope is the payload itself, so that all other clients go on calling with plain JSON.
 */
export const nestCodec: Codec = {
  name: 'nest',
  decode: (body) => (takeOpened(body) ?? open(body)).data,
  encode,
};

/** @throws TypeError for what has no JSON form, such as a Map */
function encode(value: unknown): string {
  const { [TEXT]: text } = (value ?? {}) as { readonly [TEXT]?: string };
  return text ?? (jsonOf(value) as string);
}

/** Where an envelope carries its JSON. */
const TEXT = Symbol('JSON');

/** An envelope that can be sent. @throws ServiceError for one that has no JSON form, while that can have an envelope, too */
function sendable<E extends object>(envelope: E): Readonly<E> {
  let text: string;
  try {
    text = encode(envelope);
  } catch (cause) {
    throw errorNamed('replyNotEncoded', undefined, { cause });
  }
  return Object.freeze(Object.defineProperty(envelope, TEXT, { value: text }));
}

/** The codec of the events of one subject: `{ pattern, data }`, as Nest's clients emit them. */
export function eventCodec(pattern: unknown): Codec {
  return { ...nestCodec, encode: (data) => encode({ pattern, data }) };
}

/** What stands in the state of a request whose body has been looked at. */
const SEEN = Symbol('seen by nestReplies');

/**
 * Middleware that answers requests of Nest's clients as Nest does: `{ response, isDisposed, id }`, and
 * `{ err: { status, code, message, data }, … }` for errors. Replies to all others stay as they are. `@NestEndpoint` has it
 * inside all other middleware; first in `use` of `NatsServiceFactory.create()` it also tells of the errors of that.
 */
export const nestReplies = only('endpoint', (ctx, next) => {
  const { data } = ctx.message as { readonly data: Uint8Array };
  // What is too long will not be decoded; who refuses it says so.
  if (data.length > contextOf(ctx).maxBody || !namesPattern(data) || ctx.state.has(SEEN)) return next();
  ctx.state.set(SEEN, true);
  const id = idIn(data);
  return id === undefined ? next() : answer(id, next, ctx);
});

function idIn(body: Uint8Array): string | undefined {
  try {
    const read = open(body);
    opened.set(body.buffer, { ...read, start: body.byteOffset, length: body.length });
    return read.id;
  } catch {
    // Whoever decodes it says what is wrong.
    return undefined;
  }
}

async function answer(id: string, next: Next, ctx: RequestContext): Promise<object> {
  try {
    const response = await next();
    if (!isAsyncIterable(response)) return sendable({ response, isDisposed: true, id });
    // As an Observable of Nest's travels; the end of a stream of natsmith is an empty message, which Nest's client takes
    // for nobody's answer.
    await sendUncredited(response, ctx, (item) => encode({ response: item, id }));
    return { isDisposed: true, id };
  } catch (thrown) {
    // The caller has been told already, by a timeout for one.
    if (contextOf(ctx).isDone) throw thrown;
    throw errorFor(id, thrown, ctx);
  }
}

/** The same error, with a body that Nest's client reads; nothing of what is not meant for the caller. */
function errorFor(id: string, thrown: unknown, ctx: RequestContext): ServiceError {
  const { code, description: message, data, headers } = failureOf(thrown, contextOf(ctx));
  const err = { status: 'error', code, message, ...(data !== undefined && { data }) };
  try {
    return new ServiceError(code, message, { data: sendable({ err, isDisposed: true, id }), headers });
  } catch (cause) {
    return errorFor(id, cause, ctx);
  }
}

/** What core knows of a request besides what it shows to handlers. */
function contextOf(ctx: RequestContext): Context {
  return ctx as unknown as Context;
}
