import { errorNamed } from '@natsmith/protocol';
import { tooLarge } from '../payload/body-size';
import type { Take } from '../pipeline/decode';
import type { Execute } from '../pipeline/context';
import { announcesBody, announcesItems, receiveBody } from './chunks';
import type { ReplyOutlet } from './outlet';
import type { Replying } from './replying';

/**
 * The core of the onion where the body is that of the request, or comes after it in chunks.
 * @param isRead whether the handler takes a payload; else the body is not looked at
 */
export function bodyInvoker(
  take: Take<Replying>,
  isRead: boolean,
  outlet: ReplyOutlet,
  maxBody: number,
): Execute<Replying> {
  if (!isRead) return (ctx) => take(ctx.message.data, ctx);
  return (ctx) => {
    const { data } = ctx.message;
    if (data.length === 0) {
      if (announcesBody(ctx)) return receiveBody(ctx, outlet, maxBody).then((body) => take(body, ctx));
      // To the handler it would be an empty body, and nobody would miss the items.
      if (announcesItems(ctx)) throw errorNamed('uploadNotTaken');
    }
    if (data.length > maxBody) throw tooLarge('body', data.length, maxBody);
    return take(data, ctx);
  };
}
