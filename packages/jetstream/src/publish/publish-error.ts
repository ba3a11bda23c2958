/** The code of a {@link PublishError} for a subject that no stream stores. */
export const NO_STREAM = 503;
/** Those of the server for what a stream does not allow. */
export const NO_TTL = 10_166;
export const NO_SCHEDULES = 10_188;
/** Those of the server for a message, or its headers, over the largest size that a stream stores. */
export const TOO_LARGE: ReadonlySet<number> = new Set([10_054, 10_097]);
/** Those of the server for a subject whose last message is not the expected one. */
export const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10_071, 10_164]);

/** The server has refused to store an event, or no stream stores its subject: nothing was stored. */
export class PublishError extends Error {
  override readonly name = 'PublishError';

  /**
   * @param subject that the event was published on
   * @param code of the JetStream API, such as 10071 for a sequence that was not expected; 503 where there is no stream
   * @param description the server's own words
   * @param hint what to do
   */
  constructor(
    readonly subject: string,
    readonly code: number,
    readonly description: string,
    hint?: string,
  ) {
    super(
      code === NO_STREAM
        ? `no stream stores the subject ${subject}; ${hint ?? 'declare one with eventStream() and let ensureStreams() or a service create it'}`
        : `the stream refused the event on ${subject}: ${description} (${code})${hint === undefined ? '' : `; ${hint}`}`,
    );
  }
}

/**
 * The acknowledgement of an event did not come: the event may be stored, or not. Publish it again with the same
 * `messageId`, and the stream takes it once.
 */
export class UnacknowledgedError extends Error {
  override readonly name = 'UnacknowledgedError';

  /** @param subject that the event was published on */
  constructor(
    readonly subject: string,
    what: string,
    options?: ErrorOptions,
  ) {
    super(`${what}: the event on ${subject} may be stored, or not`, options);
  }
}
