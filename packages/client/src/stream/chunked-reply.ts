import {
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  countIn,
  DEFAULT_HEARTBEAT,
  headersIn,
  isImported,
  ItemReceiver,
  join,
  MAX_BODY,
  MAX_CHUNK,
  MISSED_HEARTBEATS,
  SIZE_HEADER,
  StreamError,
  type Message,
} from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';
import { errorIn } from '../call/reply';

/** In a request for INFO: the client wants to know who takes chunks. */
export const TAKES_CHUNKS = [CHUNKS_HEADER, String(CHUNK_CREDIT)] as const;

/** Says that a body may come back in chunks, by how many may come at once; the fewer, the more calls wait. */
const CHUNK_LINES = Array.from({ length: CHUNK_CREDIT + 1 }, (_, credit) => [CHUNKS_HEADER, String(credit)] as const);

/** What a request says of chunks. @param credit from 0 to 16 */
export function chunkLine(credit: number): readonly [string, string] {
  return CHUNK_LINES[credit] ?? TAKES_CHUNKS;
}

/** A reply that comes in chunks. */
export interface ChunkedReply {
  readonly body: Promise<Uint8Array>;
  onMessage(message: Message): void;
  /** The connection was away. */
  recheck(): void;
  /** Stops the service, too. */
  abort(reason: Error): void;
}

/**
 * The reply that a message announces; undefined for a message that is the reply itself.
 * @throws StreamError for one that cannot be received
 * @param address where it comes in
 * @param granted how many chunks the request said may come before a grant
 */
export function chunkedReply(
  message: Message,
  subject: string,
  inbox: Inbox,
  address: string,
  granted: number,
): ChunkedReply | undefined {
  const { reply: control } = message;
  if (message.data.length > 0 || !control) return undefined;
  const announced = headersIn(message)?.get(SIZE_HEADER);
  if (announced === undefined) return undefined;
  const problem = (what: string): StreamError =>
    new StreamError(`the reply of ${subject} in chunks has ${what}`, subject);
  // An announcement may not name whatever subject it likes, and its size is checked before any of it is asked for.
  if (!inbox.allows(control))
    throw problem(`to be asked for on ${JSON.stringify(control.slice(0, 100))}, which is not an inbox`);
  const size = countIn(announced) ?? Infinity;
  if (size > MAX_BODY) {
    inbox.outlet.sendControl(control, 'cancel');
    throw problem(`${announced.slice(0, 20)} bytes; the limit is ${MAX_BODY}`);
  }
  const receiver = new ItemReceiver<Uint8Array>({
    subject,
    credit: CHUNK_CREDIT,
    granted,
    itemSize: MAX_CHUNK,
    share: inbox.budget.share('body'),
    inboxes: inbox.inboxes,
    heartbeat: DEFAULT_HEARTBEAT,
    firstWithin: MISSED_HEARTBEATS * DEFAULT_HEARTBEAT,
    itemTimeout: Infinity,
    firstItemError: () => new StreamError(`${subject} announced a reply in chunks, and sent none`, subject),
    decode: (chunk) => chunk,
    errorIn: (message) => errorIn(message, subject),
    sendControl: (to, words, wantsAnswer) => inbox.outlet.sendControl(to, words, wantsAnswer ? address : undefined),
    onEnd: () => undefined,
  });
  receiver.invite(control);
  return {
    body: join(receiver, size, problem),
    onMessage(message) {
      // Without a queue group every instance replies; the first to announce is heard, as with replies in one piece.
      const { reply } = message;
      if (!reply || reply === control || (isImported(control) && isImported(reply))) receiver.onMessage(message);
    },
    recheck: () => receiver.recheck(),
    abort: (reason) => receiver.abort(reason),
  };
}
