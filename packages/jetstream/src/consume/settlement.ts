import type { RequestHeaders } from '@natsmith/core';

/** What has become of a message: `settlement` of `natsmith:message:end`, for consumers and schedules. */
export interface Settlement {
  /**
   * `acknowledged`; `unconfirmed`, acknowledged, but the server did not confirm it; `retried`, it comes again after a
   * delay; `buried`, a dead letter; `dropped`, terminated without a dead letter; `returned`, it goes back at once, and was
   * not to blame.
   */
  readonly end: 'acknowledged' | 'unconfirmed' | 'retried' | 'buried' | 'dropped' | 'returned';
  /** Milliseconds until a message that is `retried` comes again. */
  readonly delay?: number;
}

/** What has become of one message of a batch. */
export interface BatchMessageSettlement extends Settlement {
  readonly subject: string;
  readonly headers: RequestHeaders;
  /** Of the message in the stream. */
  readonly sequence: number;
  readonly attempt: number;
  /** Of the error that it failed with, as `<code>:<description>`. */
  readonly error: string | undefined;
}

/** `settlement` of `natsmith:message:end`, for batches. */
export interface BatchSettlement {
  /** All of the batch, those too that were not valid and that its handler has not seen. */
  readonly messages: readonly BatchMessageSettlement[];
}
