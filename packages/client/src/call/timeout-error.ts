import { markReceived, millisecondsOfOption, type Duration } from '@natsmith/protocol';

/** Milliseconds by which the timers of two processes may differ. */
export const CLOCK_TOLERANCE = 5;

/** No reply came in time; whether the service got the request, or still works on it, is unknown. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(
    readonly subject: string,
    /** Milliseconds that were waited; 0 when the deadline had passed before the request was sent. */
    readonly timeout: number,
  ) {
    super(
      timeout > 0
        ? `${subject} did not answer within ${timeout} ms`
        : `the request to ${subject} was not sent, because its deadline has passed`,
    );
    markReceived(this);
  }
}

/**
 * Milliseconds of a `timeout` option; Infinity for none.
 * @throws TypeError
 */
export function timeoutOf(given: Duration | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const timeout = millisecondsOfOption('timeout', given);
  if (!(timeout > 0)) throw new TypeError(`timeout must be a positive number of milliseconds, got ${String(timeout)}`);
  return timeout;
}
