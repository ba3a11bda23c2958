import type { Codec, RequestContext } from '../define/handler';
import type { Context } from './context';
import { isThenable, type Run } from './middleware';
import type { Validate } from './validate';

/** A handler: a decorated method bound to its instance, or a function given to `addEndpoint`. */
export type Handler = (payload: never, ctx: RequestContext) => unknown;

/** The core of the onion: decode, validate, handler. Without a codec the handler takes no payload. */
export function invoker(handler: Handler, codec: Codec | undefined, validate: Validate | undefined): Run<Context> {
  const call = (payload: unknown, ctx: Context): unknown => {
    // Middleware or an async validator took longer than the request had, or kept next() for later.
    if (ctx.isDone) throw new Error('the request has ended already, so its handler is not called');
    return handler(payload as never, ctx);
  };
  if (codec === undefined) return (ctx) => call(undefined, ctx);
  if (validate === undefined) return (ctx) => call(codec.decode(ctx.message.data), ctx);
  return (ctx) => {
    const { data } = ctx.message;
    const payload = validate(codec.decode(data), data.length);
    if (isThenable(payload)) return payload.then((checked) => call(checked, ctx));
    return call(payload, ctx);
  };
}
