import type { Codec, RequestContext } from '../define/handler';
import { announcesBody, receiveBody } from './chunks';
import { tooLarge } from '../payload/body-size';
import type { Context } from '../pipeline/context';
import type { Outlet } from './endpoint-runtime';
import type { Run } from '../pipeline/middleware';
import { isThenable } from '../payload/thenable';
import type { Validate } from '../payload/validate';

/** A handler: a decorated method bound to its instance, or a function given to `addEndpoint`. */
export type Handler = (payload: never, ctx: RequestContext) => unknown;

/** The core of the onion: decode, validate, handler. Without a codec the handler takes no payload. */
export function invoker(
  handler: Handler,
  codec: Codec | undefined,
  validate: Validate | undefined,
  outlet: Outlet,
  maxBody: number,
): Run<Context> {
  const call = (payload: unknown, ctx: Context): unknown => {
    // Middleware or an async validator took longer than the request had, or kept next() for later.
    if (ctx.isDone) throw new Error('the request has ended already, so its handler is not called');
    return handler(payload as never, ctx);
  };
  if (codec === undefined) return (ctx) => call(undefined, ctx);
  const take =
    validate === undefined
      ? (data: Uint8Array, ctx: Context) => call(codec.decode(data), ctx)
      : (data: Uint8Array, ctx: Context) => {
          const payload = validate(codec.decode(data), data.length);
          if (isThenable(payload)) return Promise.resolve(payload).then((checked) => call(checked, ctx));
          return call(payload, ctx);
        };
  return (ctx) => {
    const { data } = ctx.message;
    if (data.length === 0 && announcesBody(ctx))
      return receiveBody(ctx, outlet, maxBody).then((body) => take(body, ctx));
    if (data.length > maxBody) throw tooLarge('body', data.length, maxBody);
    return take(data, ctx);
  };
}
