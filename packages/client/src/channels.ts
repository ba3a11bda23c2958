import type { TracingChannel } from 'node:diagnostics_channel';
import {
  HeadersToSend,
  ServiceError,
  tracingChannel,
  type HeaderLines,
  type OutgoingHeaders,
} from '@natsmith/protocol';
import { TimeoutError } from './call/timeout-error';
import type { ClientContext } from './middleware';

/** What listeners of the client's channels see of a call, stream or publish; one object from its start to its end. */
export interface ClientOperation extends Omit<ClientContext, 'signal'> {
  /** Headers of the request: what a listener sets at the start is sent, before middleware sees it. */
  readonly headers: OutgoingHeaders;
  /** How often the request has been sent, retries included; 0 before the first time. */
  readonly attempts: number;
  /** Items of a stream that the reader was given; 0 for calls and publishes. */
  readonly items: number;
  /** The value of a reply, once it is there. */
  readonly result?: unknown;
  /** What it failed with. */
  readonly error?: unknown;
  /** The code of a ServiceError, and 504 for a TimeoutError; undefined for other errors, and without one. */
  readonly code: number | undefined;
}

type Channel = TracingChannel<unknown, ClientOperation>;

/**
 * The client's tracing channels of `node:diagnostics_channel`: `natsmith:client:call`, `natsmith:client:stream` and
 * `natsmith:client:publish`. `start` comes when the endpoint is known and the payload encoded, `asyncEnd` when the reply or
 * the last item is there, after `error` where there is one.
 */
export const clientChannels: Readonly<Record<ClientContext['kind'], Channel>> = {
  call: tracingChannel<unknown, ClientOperation>('natsmith:client:call'),
  stream: tracingChannel<unknown, ClientOperation>('natsmith:client:stream'),
  publish: tracingChannel<unknown, ClientOperation>('natsmith:client:publish'),
};

/** Whether somebody listens; asked before anything is made for them. */
export function isObserved(kind: ClientContext['kind']): boolean {
  return clientChannels[kind].hasSubscribers;
}

/** What listeners see; undefined where there are none. */
export function observe(context: Omit<ClientContext, 'headers'>, lines: HeaderLines): ObservedOperation | undefined {
  return isObserved(context.kind) ? new ObservedOperation(context, lines) : undefined;
}

/** An operation that somebody listens to. */
export class ObservedOperation implements ClientOperation {
  readonly kind: ClientContext['kind'];
  readonly subject: string;
  readonly template: string;
  readonly service: string | undefined;
  readonly method: string | undefined;
  readonly headers: HeadersToSend;
  attempts = 0;
  items = 0;
  result?: unknown;
  error?: unknown;
  private isOver = false;

  constructor({ kind, subject, template, service, method }: Omit<ClientContext, 'headers'>, lines: HeaderLines) {
    this.kind = kind;
    this.subject = subject;
    this.template = template;
    this.service = service;
    this.method = method;
    this.headers = new HeadersToSend(lines);
  }

  get code(): number | undefined {
    const { error } = this;
    if (error instanceof ServiceError) return error.code;
    return error instanceof TimeoutError ? 504 : undefined;
  }

  private get channel(): Channel {
    return clientChannels[this.kind];
  }

  /** Runs an operation that is over when its promise settles. */
  run<T>(send: (lines: HeaderLines) => Promise<T>): Promise<T> {
    // Async, so that what it throws at once has an end as well.
    return this.channel.tracePromise(async () => send(this.headers.lines), this);
  }

  /** Runs what begins an operation that goes on afterwards, until `end`. */
  begin<T>(send: (lines: HeaderLines) => T): T {
    const { start, end } = this.channel;
    return start.runStores<undefined, [], T>(this, () => {
      try {
        return send(this.headers.lines);
      } finally {
        end.publish(this);
      }
    });
  }

  end(error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    if (error !== undefined) {
      this.error = error;
      this.channel.error.publish(this);
    }
    this.channel.asyncStart.publish(this);
    this.channel.asyncEnd.publish(this);
  }
}
