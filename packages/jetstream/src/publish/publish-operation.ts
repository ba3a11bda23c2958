import type { TracingChannel } from 'node:diagnostics_channel';
import {
  HeadersToSend,
  ServiceError,
  tracingChannel,
  type HeaderLines,
  type OutgoingHeaders,
} from '@natsmith/protocol';
import type { PublishReceipt } from './acknowledgement';
import { PublishError } from './publish-error';

/** What listeners of `natsmith:jetstream:publish` see of one publish; one object from its start to its end. */
export interface PublishOperation {
  readonly subject: string;
  /** The event's subject with its named tokens; undefined for what was prepared, which knows its subject alone. */
  readonly template: string | undefined;
  /** Headers of the event: what a listener sets at the start is sent. */
  readonly headers: OutgoingHeaders;
  /** The stream's receipt, once it is there. */
  readonly result?: PublishReceipt;
  /** What it failed with. */
  readonly error?: unknown;
  /** The code of a PublishError or ServiceError; undefined for other errors, and without one. */
  readonly code: number | undefined;
}

/**
 * The tracing channel `natsmith:jetstream:publish` of `node:diagnostics_channel`: `start` comes when the event is checked
 * and encoded, `asyncEnd` when its stream has stored it, after `error` where it has not.
 */
export const publishChannel: TracingChannel<unknown, PublishOperation> = tracingChannel<unknown, PublishOperation>(
  'natsmith:jetstream:publish',
);

/** A publish that somebody listens to. */
export class ObservedPublish implements PublishOperation {
  readonly headers: HeadersToSend;
  result?: PublishReceipt;
  error?: unknown;

  constructor(
    readonly subject: string,
    readonly template: string | undefined,
    lines: HeaderLines,
  ) {
    this.headers = new HeadersToSend(lines);
  }

  get code(): number | undefined {
    const { error } = this;
    return error instanceof PublishError || error instanceof ServiceError ? error.code : undefined;
  }

  run(send: (lines: HeaderLines) => Promise<PublishReceipt>): Promise<PublishReceipt> {
    return publishChannel.tracePromise(() => send(this.headers.lines), this);
  }
}
