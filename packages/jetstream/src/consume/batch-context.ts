import type { BaseContext, RequestHeaders } from '@natsmith/core';
import type { Duration, Event, ParamsOf } from '@natsmith/protocol';

/** One message of a batch; the payload at the same place is its body. */
export interface BatchMessage<E extends Event = Event> {
  readonly event: E;
  readonly subject: string;
  readonly params: ParamsOf<E>;
  readonly headers: RequestHeaders;
  /** Of the message in the stream. */
  readonly sequence: number;
  /** When the stream took the message. */
  readonly time: Date;
  /** How often the message has been delivered, this time included. */
  readonly attempt: number;
  /** Ends this message as if a handler of its own had thrown the error; the others are not touched. */
  fail(error: unknown): void;
}

/** What a handler of batches knows of its messages. `subject`, `params`, `headers` and `message` are those of the first. */
export interface BatchContext<E extends Event = Event> extends BaseContext {
  readonly kind: 'batch';
  /** The stream's name. */
  readonly stream: string;
  /** Those whose payloads the handler has, in the same order. */
  readonly messages: readonly BatchMessage<E>[];
}

declare module '@natsmith/core' {
  interface ContextKinds {
    batch: BatchContext;
  }
}

/** How large batches are. */
export interface BatchOptions {
  /** Messages at most, 1 to 10,000. */
  readonly size: number;
  /** How long a batch that is not full waits for more. */
  readonly wait: Duration;
}
