import { isThenable } from '@natsmith/protocol';
import type { Codec } from '../define/handler';
import { tooLarge } from '../payload/body-size';
import type { Validate } from '../payload/validator';
import type { Context, Execute } from './context';

/** A handler: a decorated method bound to its instance, or a function given to `addEndpoint`. */
export type Handler = (payload: never, ctx: never) => unknown;

/** Decodes and validates a body, and calls the handler with what it is. */
export type Take<Ctx extends Context = Context> = (data: Uint8Array, ctx: Ctx) => unknown;

/** Calls a handler, but not for a message that has ended already. */
export function caller<Ctx extends Context>(handler: Handler): (payload: unknown, ctx: Ctx) => unknown {
  return (payload, ctx) => {
    // Middleware or an async validator took longer than the message had, or kept next() for later.
    if (ctx.isDone) throw new Error('the request has ended already, so its handler is not called');
    return handler(payload as never, ctx as never);
  };
}

/** Decode and validate, for kinds that take several bodies in one run; gives a promise where a validator does. */
export function reader(codec: Codec, validate: Validate | undefined, maxBody: number): (data: Uint8Array) => unknown {
  return (data) => {
    if (data.length > maxBody) throw tooLarge('body', data.length, maxBody);
    return validate === undefined ? codec.decode(data) : validate(codec.decode(data), data.length);
  };
}

/** Decode, validate, handler. Without a codec the handler takes no payload. */
export function taker<Ctx extends Context>(
  handler: Handler,
  codec: Codec | undefined,
  validate: Validate | undefined,
): Take<Ctx> {
  const call = caller<Ctx>(handler);
  if (codec === undefined) return (_, ctx) => call(undefined, ctx);
  if (validate === undefined) return (data, ctx) => call(codec.decode(data), ctx);
  return (data, ctx) => {
    const payload = validate(codec.decode(data), data.length);
    if (isThenable(payload)) return Promise.resolve(payload).then((checked) => call(checked, ctx));
    return call(payload, ctx);
  };
}

/** The core of the onion where the body is that of the message. */
export function invoker<Ctx extends Context>(take: Take<Ctx>, maxBody: number): Execute<Ctx> {
  return (ctx) => {
    const { data } = ctx.message;
    if (data.length > maxBody) throw tooLarge('body', data.length, maxBody);
    return take(data, ctx);
  };
}
