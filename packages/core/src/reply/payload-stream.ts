import { HEARTBEAT_HEADER, heartbeatIn, UPLOAD_HEADER } from '@natsmith/protocol';
import type { Codec } from '../define/handler';
import { tooLarge } from '../payload/body-size';
import type { Handler } from '../pipeline/decode';
import type { Execute } from '../pipeline/context';
import type { ReplyOutlet } from './outlet';
import type { Replying } from './replying';
import { uploadedItems } from './uploaded-items';
import type { Validate } from '../payload/validator';

/** The core of the onion where the payload is a stream: the handler takes an async iterable of validated items. */
export function streamInvoker(
  handler: Handler,
  codec: Codec,
  validate: Validate | undefined,
  outlet: ReplyOutlet,
  maxBody: number,
): Execute<Replying> {
  const read = (body: Uint8Array): unknown => {
    if (body.length > maxBody) throw tooLarge('item', body.length, maxBody);
    const item = codec.decode(body);
    return validate === undefined ? item : validate(item, body.length);
  };
  return (ctx) => handler(withoutStrays(itemsOf(ctx, read, outlet)) as never, ctx as never);
}

/** The items that a caller sends; asked for when the handler begins to take them. */
async function* itemsOf(
  ctx: Replying,
  read: (body: Uint8Array) => unknown,
  outlet: ReplyOutlet,
): AsyncGenerator<unknown, void, undefined> {
  const control = ctx.headers.get(UPLOAD_HEADER);
  if (control !== undefined) {
    const heartbeat = heartbeatIn(ctx.headers.get(HEARTBEAT_HEADER));
    return yield* uploadedItems(ctx, { control, credit: undefined, heartbeat }, read, outlet);
  }
  // A caller that knows no streams sends one item as its payload, or none.
  const { data } = ctx.message;
  if (data.length > 0) yield await read(data);
}

/** A `next()` that the handler does not await may fail, too: when its request ends. That is not to end the process. */
function withoutStrays(items: AsyncGenerator<unknown, void, undefined>): AsyncGenerator<unknown, void, undefined> {
  const next = items.next.bind(items);
  return Object.assign(items, {
    next() {
      const item = next();
      item.catch(() => undefined);
      return item;
    },
  });
}
