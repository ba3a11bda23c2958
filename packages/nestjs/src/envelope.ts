import { only, type Codec, type Next, type RequestContext } from '@natsmith/core';
import { isReceived, nextTurn, parseJson, ServiceError } from '@natsmith/protocol';

/** A body as it is without its envelope. */
interface Opened {
  readonly data: unknown;
  /** That of a request of Nest's client; undefined for its events, and for bodies without an envelope. */
  readonly id: string | undefined;
}

/** Characters; Nest's ids have 21. */
const MAX_ID = 200;
/** What goes to somebody who cannot say that it is enough, as in core. */
const MAX_ITEMS = 1_000;
const ITEMS_OF_A_TURN = 100;
const PARTS = new Set(['pattern', 'data', 'id']);

/** Bodies that the middleware has read, so that the codec need not read them again. */
const opened = new WeakMap<Uint8Array, Opened>();

/** @throws ServiceError 400 for what is not JSON */
function open(body: Uint8Array): Opened {
  const value = parseJson(body);
  return isEnvelope(value) ? { data: value.data, id: value.id } : { data: value, id: undefined };
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
  decode: (body) => (opened.get(body) ?? open(body)).data,
  encode: (value) => JSON.stringify(value),
};

/** The codec of the events of one subject: `{ pattern, data }`, as Nest's clients emit them. */
export function eventCodec(pattern: unknown): Codec {
  return { ...nestCodec, encode: (data) => JSON.stringify({ pattern, data }) };
}

/** What stands in the state of a request whose reply is put into an envelope. */
const ENVELOPED = Symbol('enveloped for Nest');

/**
 * Middleware that answers requests of Nest's clients as Nest does: `{ response, isDisposed, id }`, and
 * `{ err: { status, code, message, data }, … }` for errors. Replies to all others stay as they are. `@NestEndpoint` has it
 * inside all other middleware; first in `use` of `NatsServiceFactory.create()` it also tells of the errors of that.
 */
export const nestReplies = only('endpoint', (ctx, next) => {
  const { data } = ctx.message as { readonly data: Uint8Array };
  const id = data.length === 0 || ctx.state.has(ENVELOPED) ? undefined : idIn(data);
  if (id === undefined) return next();
  ctx.state.set(ENVELOPED, true);
  return answer(id, next, ctx);
});

function idIn(body: Uint8Array): string | undefined {
  try {
    const read = open(body);
    opened.set(body, read);
    return read.id;
  } catch {
    // Whoever decodes it says what is wrong.
    return undefined;
  }
}

async function answer(id: string, next: Next, ctx: RequestContext): Promise<object> {
  try {
    const response = await next();
    return isAsyncIterable(response) ? await answers(id, response, ctx) : { response, isDisposed: true, id };
  } catch (thrown) {
    throw errorFor(id, thrown, ctx);
  }
}

/**
 * A stream as an Observable of Nest's travels; not as streams of natsmith, whose end is an empty message, which Nest's
 * client takes for nobody's answer. Gives the last message.
 */
async function answers(id: string, items: AsyncIterable<unknown>, ctx: RequestContext): Promise<object> {
  const message = ctx.message as { respond(body: Uint8Array): unknown };
  let count = 0;
  for await (const response of items) {
    ctx.signal.throwIfAborted();
    if (++count > MAX_ITEMS)
      throw new ServiceError(429, `the stream ends after ${MAX_ITEMS} items, because Nest's client grants no credit`);
    message.respond(Buffer.from(JSON.stringify({ response, id })));
    // Items that are always ready would hold up all else.
    if (count % ITEMS_OF_A_TURN === 0) await nextTurn();
  }
  return { isDisposed: true, id };
}

/** The same error, with a body that Nest's client reads; nothing of what is not meant for the caller. */
function errorFor(id: string, thrown: unknown, ctx: RequestContext): ServiceError {
  const error = tellable(thrown, ctx);
  const { code, description: message, data, headers, cause } = error;
  const err = { status: 'error', code, message, ...(data !== undefined && { data }) };
  return new ServiceError(code, message, {
    data: { err, isDisposed: true, id },
    headers,
    ...(cause !== undefined && { cause }),
  });
}

function tellable(thrown: unknown, ctx: RequestContext): ServiceError {
  if (isReceived(thrown)) {
    ctx.log.error({ err: thrown }, 'upstream error');
    return new ServiceError(502, 'upstream error');
  }
  if (thrown instanceof ServiceError) return thrown;
  ctx.log.error({ err: thrown }, 'handler failed');
  return new ServiceError(500, 'internal error', { headers: { 'Natsmith-Request-Id': ctx.requestId } });
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
