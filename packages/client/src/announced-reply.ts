import {
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  countIn,
  DEFAULT_HEARTBEAT,
  ItemReceiver,
  join,
  MAX_BODY,
  MISSED_HEARTBEATS,
  SIZE_HEADER,
  StreamError,
  type Message,
} from '@natsmith/protocol';
import type { Inbox } from './inbox';
import { errorIn } from './reply';

/** Says that a body may come back in chunks; in a request for INFO, that the client wants to know who takes them. */
export const TAKES_CHUNKS = [CHUNKS_HEADER, String(CHUNK_CREDIT)] as const;

/** A reply that comes in chunks. */
export interface AnnouncedReply {
  readonly body: Promise<Uint8Array>;
  onMessage(message: Message): void;
  /** Stops the service, too. */
  abort(reason: Error): void;
}

/** The reply that a message announces; undefined for a message that is the reply itself. */
export function announcedReply(
  { data, headers, reply: control }: Message,
  subject: string,
  inbox: Inbox,
): AnnouncedReply | undefined {
  const announced = headers?.values(SIZE_HEADER)[0];
  if (announced === undefined || data.length > 0 || !control) return undefined;
  const problem = (what: string): StreamError =>
    new StreamError(`the reply of ${subject} in chunks has ${what}`, subject);
  const receiver = new ItemReceiver<Uint8Array>({
    subject,
    credit: CHUNK_CREDIT,
    heartbeat: DEFAULT_HEARTBEAT,
    firstWithin: MISSED_HEARTBEATS * DEFAULT_HEARTBEAT,
    itemTimeout: Infinity,
    late: () => new StreamError(`${subject} announced a reply in chunks, and sent none`, subject),
    decode: (chunk) => chunk,
    errorIn: (message) => errorIn(message, subject),
    speak: (to, words) => inbox.speak(to, words),
    onEnd: () => undefined,
  });
  receiver.invite(control);
  const size = countIn(announced) ?? Infinity;
  if (size > MAX_BODY) receiver.abort(problem(`${announced} bytes; natsmith takes ${MAX_BODY}`));
  return {
    body: join(receiver, size, problem),
    onMessage(message) {
      // Without a queue group every instance replies; the first to announce is heard, as with replies in one piece.
      if (!message.reply || message.reply === control) receiver.onMessage(message);
    },
    abort: (reason) => receiver.abort(reason),
  };
}
