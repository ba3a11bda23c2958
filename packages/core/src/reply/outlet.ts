import type { CreditBudget, HeaderBlock, Message } from '@natsmith/protocol';
import type { BodyTurns } from './body-turns';
import type { ReplySubjects } from './reply-subjects';

/** A body on its way out; text goes as UTF-8. */
export type Body = string | Uint8Array;

/** Where replies go. */
export interface Outlet {
  /** Throws when the reply is over `maxPayload` or the connection is closed. */
  publish(subject: string, body: Body, headers?: HeaderBlock, reply?: string): void;
  /** Listens to what comes for one request while it runs; gives the way to end that. */
  listen(subject: string, onMessage: (message: Message) => void, onError: (error: Error) => void): () => void;
  /** Resolves when the server has all that was published. */
  flush(): Promise<void>;
  /** Keeps what is published until `release`, while the connection goes to another server. */
  hold(): void;
  release(): void;
  /** Bytes. */
  readonly maxPayload: number;
  /** A subject that nobody can guess and the connection may listen to. */
  newInbox(): string;
  /** What uploads and bodies in chunks may have under way to the connection together. */
  readonly credit: CreditBudget;
  readonly bodyTurns: BodyTurns;
  /** Where a message may have something published to. */
  readonly replySubjects: ReplySubjects;
}
