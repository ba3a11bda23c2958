import type { Event, Publishable, PublishArgs, Sent } from './event';

/** What publishing takes besides the payload and the values of named tokens. */
export interface PublishOptions {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** What publishes events: a client, a JetStream publisher, or a recording one in tests. */
export interface EventPublisher<Options = PublishOptions, Receipt = unknown> {
  /**
   * Checks the payload, then publishes it.
   * @throws ServiceError 400 with the violations, before anything is sent
   */
  publish<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...options: PublishArgs<E, Options>
  ): Promise<Receipt>;
  /** A publisher whose messages carry on the trace of a request or event. */
  with(ctx: PublishContext): EventPublisher<Options, Receipt>;
}

/** What a publisher takes from the context of a handler. */
export interface PublishContext {
  readonly headers: { get(name: string): string | undefined };
  readonly deadline?: Date | undefined;
  readonly signal?: AbortSignal;
}
