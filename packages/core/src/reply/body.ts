import { errorNamed, SIZE_HEADER } from '@natsmith/protocol';
import { tooLarge } from '../payload/body-size';
import type { Take } from '../pipeline/decode';
import type { Execute } from '../pipeline/context';
import { announcesPayload, receiveBody } from './chunks';
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
    if (data.length === 0 && announcesPayload(ctx)) {
      // Items: to the handler they would be an empty body, and nobody would miss them.
      if (!ctx.headers.has(SIZE_HEADER)) throw errorNamed('uploadNotTaken');
      return receiveBody(ctx, outlet, maxBody).then((body) => take(body, ctx));
    }
    if (data.length > maxBody) throw tooLarge('body', data.length, maxBody);
    return take(data, ctx);
  };
}
