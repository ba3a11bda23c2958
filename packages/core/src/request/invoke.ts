import type { Codec, RequestContext } from '../define/handler';
import type { Context } from './context';
import { isThenable, type Run } from './middleware';
import type { Validate } from './validate';

/** A handler: a decorated method bound to its instance, or a function given to `addEndpoint`. */
export type Handler = (payload: never, ctx: RequestContext) => unknown;

/** The core of the onion: decode, validate, handler. Without a codec the handler takes no payload. */
export function invoker(handler: Handler, codec: Codec | undefined, validate: Validate | undefined): Run<Context> {
  if (codec === undefined) return (ctx) => handler(undefined as never, ctx);
  if (validate === undefined) return (ctx) => handler(codec.decode(ctx.message.data) as never, ctx);
  return (ctx) => {
    const payload = validate(codec.decode(ctx.message.data));
    if (isThenable(payload)) return payload.then((checked) => handler(checked as never, ctx));
    return handler(payload as never, ctx);
  };
}
