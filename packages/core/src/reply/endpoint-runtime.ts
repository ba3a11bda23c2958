import type { CreditBudget, HeaderBlock, Message, Uncredited } from '@natsmith/protocol';
import type { Codec } from '../define/handler';
import type { BodyTurns } from './body-turns';
import type { Logger } from '../define/logger';
import type { ActiveRequests, PendingRequest } from '../pipeline/active';
import type { Context, EndpointFacts } from '../pipeline/context';
import type { Counter } from '../pipeline/counter';
import type { Limiter } from '../pipeline/limiter';
import type { Run } from '../pipeline/middleware';
import type { RefusedReplies } from './refused-replies';
import type { ReplySubjects } from './reply-subjects';

/** All that the requests of one endpoint need; decided when the service starts. */
export interface EndpointRuntime extends EndpointFacts {
  /** Middleware, decode, validate and handler in one. */
  readonly run: Run<Context>;
  readonly codec: Codec;
  readonly counter: Counter;
  /** Those that a request must have a place in, endpoint first, service second. */
  readonly limiters: readonly Limiter<PendingRequest>[];
  /** Requests that wait or whose handler is not finished. */
  readonly active: ActiveRequests;
  readonly outlet: Outlet;
  readonly logger: Logger;
  /** Whether each request is logged. */
  readonly logsRequests: boolean;
  /** What a stream may send to a reader that grants no credit. */
  readonly uncredited: Uncredited;
  readonly refusals: RefusedReplies;
  /** For logs: `Calculator.add`. */
  readonly where: string;
}

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
