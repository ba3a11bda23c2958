import { durationProblem, millisecondsOf, type Duration } from '@natsmith/protocol';

/** Another copy of the package has the same; an error of either ends a message in the same way. */
const OUTCOME = Symbol.for('natsmith.jetstream.outcome');

/**
 * Thrown by a handler: the message comes again, after `delay` or else the next delay of the consumer's `retry`. It counts
 * as an attempt: after the last one the message is buried.
 */
export class Retry extends Error {
  readonly [OUTCOME] = 'retry';
  /** Milliseconds; undefined for the next delay of the consumer. */
  readonly delay: number | undefined;

  /** @throws TypeError when the delay is not a duration */
  constructor(delay?: Duration, options?: { cause?: unknown }) {
    super('the message is to come again', options);
    this.name = 'Retry';
    const problem = delay === undefined ? undefined : durationProblem(delay, 0);
    if (problem !== undefined) throw new TypeError(`the delay of Retry ${problem}`);
    this.delay = delay === undefined ? undefined : millisecondsOf(delay);
  }
}

/** Thrown by a handler: the message is buried at once, as a dead letter with this reason. */
export class Reject extends Error {
  readonly [OUTCOME] = 'reject';
  readonly data: unknown;

  constructor(reason: string, options?: { data?: unknown; cause?: unknown }) {
    super(reason, options);
    this.name = 'Reject';
    this.data = options?.data;
  }
}

/** Thrown by a handler: the message is over, and nothing is kept of it. */
export class Drop extends Error {
  readonly [OUTCOME] = 'drop';

  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'Drop';
  }
}

/** What was thrown, if it says how the message ends. */
export function outcomeIn(thrown: unknown): Retry | Reject | Drop | undefined {
  return typeof thrown === 'object' && thrown !== null && OUTCOME in thrown ? (thrown as Retry) : undefined;
}

/** Which of the outcomes it is, also of another copy of the package. */
export function outcomeKind(outcome: Retry | Reject | Drop): 'retry' | 'reject' | 'drop' {
  return outcome[OUTCOME];
}
