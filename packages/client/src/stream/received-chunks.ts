import {
  CHUNK_CREDIT,
  countIn,
  CreditBudget,
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
import { errorIn } from '../call/reply';
import type { Inbox } from '../nats/inbox';

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
 * Receives the reply that a message announces.
 * @throws StreamError for one that cannot be received
 * @param address where it comes in
 * @param granted how many chunks the request said may come before a grant
 */
export function receiveChunks(
  announcement: Message,
  subject: string,
  inbox: Inbox,
  address: string,
  granted: number,
): ChunkedReply {
  const { reply: control = '' } = announcement;
  const announced = headersIn(announcement)?.get(SIZE_HEADER) ?? '';
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
    share: CreditBudget.of(inbox.connection).share('body'),
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
