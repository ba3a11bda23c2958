import type { CreditBudget, HeaderBlock, Message } from '@natsmith/protocol';
import type { BodyTurns } from './body-turns';
import type { ReplySubjects } from './reply-subjects';

/** A body on its way out; text goes as UTF-8. */
export type Body = string | Uint8Array;

/**
 * The way out of a connection: what is published in one turn of the event loop goes to the socket together, in order.
 * Replies and acknowledgements take it; a write of the socket for each of them costs 1.7 times as much.
 */
export interface Outlet {
  /**
   * Publishes; the subjects are not checked, so one that came over the wire must have been.
   * @throws RangeError when the message is over `maxPayload`; Error when the connection is closed
   */
  publish(subject: string, body: Body, headers?: HeaderBlock, reply?: string): void;
  /**
   * Publishes to a subject that is still in bytes, as a message had it: to decode it would cost more than to send this.
   * @throws Error when the connection is closed
   */
  publishTo(subject: Uint8Array, body: string): void;
  /** Listens to a subject, such as an inbox; gives the way to end that. Whatever `onMessage` throws is logged. */
  listen(subject: string, onMessage: (message: Message) => void, onError: (error: Error) => void): () => void;
  /** Calls the listener when the connection is back after it was away; gives the way to end that. */
  onReconnect(listener: () => void): () => void;
  /** Resolves when the server has all that was published. */
  flush(): Promise<void>;
  /** Bytes, headers included. */
  readonly maxPayload: number;
  /** A subject that nobody can guess and the connection may listen to. */
  newInbox(): string;
}

/** The outlet as endpoints use it. */
export interface ReplyOutlet extends Outlet {
  /** Keeps what is published until `release`, while the connection goes to another server. */
  hold(): void;
  release(): void;
  /** What uploads and bodies in chunks may have under way to the connection together. */
  readonly credit: CreditBudget;
  readonly bodyTurns: BodyTurns;
  /** Where a message may have something published to. */
  readonly replySubjects: ReplySubjects;
}
