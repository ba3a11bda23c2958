import { CHUNK_CREDIT, headersIn, SIZE_HEADER, type Message } from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';
import { loadStreams } from './load';
import type { ChunkedReply } from './received-chunks';

/** Messages that may wait until the code that receives chunks is there: all that may come without a grant, and life signs. */
const MAX_WAITING = 2 * CHUNK_CREDIT;

/**
 * The reply that a message announces; undefined for a message that is the reply itself.
 * @param address where it comes in
 * @param granted how many chunks the request said may come before a grant
 */
export function announcedReply(
  message: Message,
  subject: string,
  inbox: Inbox,
  address: string,
  granted: number,
): ChunkedReply | undefined {
  if (message.data.length > 0 || !message.reply || headersIn(message)?.has(SIZE_HEADER) !== true) return undefined;
  const waiting: Message[] = [];
  let received: ChunkedReply | undefined;
  let aborted: Error | undefined;
  const body = async (): Promise<Uint8Array> => {
    const { receiveChunks } = await loadStreams();
    received = receiveChunks(message, subject, inbox, address, granted);
    if (aborted !== undefined) received.abort(aborted);
    for (const each of waiting) received.onMessage(each);
    return received.body;
  };
  return {
    body: body(),
    onMessage(next) {
      if (received !== undefined) received.onMessage(next);
      // What comes beyond has not been granted: the reply fails for want of it.
      else if (waiting.length < MAX_WAITING) waiting.push(next);
    },
    recheck: () => received?.recheck(),
    abort(reason) {
      aborted = reason;
      received?.abort(reason);
    },
  };
}
