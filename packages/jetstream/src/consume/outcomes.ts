import {
  checkedElsewhere,
  checkOptions,
  durationProblem,
  millisecondsOf,
  shown,
  type Duration,
  type OptionRules,
} from '@natsmith/protocol';

interface Caused {
  readonly cause?: unknown;
}
const OPTIONS: OptionRules<Caused> = { cause: checkedElsewhere };
const REJECT_OPTIONS: OptionRules<Caused & { readonly data?: unknown }> = { ...OPTIONS, data: checkedElsewhere };

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

  /** @throws TypeError when the delay is not a duration, or an option is unknown */
  constructor(delay?: Duration, options?: { cause?: unknown }) {
    super('the message is to come again', options);
    this.name = 'Retry';
    if (options !== undefined) checkOptions(options, OPTIONS, 'new Retry()');
    const problem = delay === undefined ? undefined : durationProblem(delay, 0);
    if (problem !== undefined) throw new TypeError(`the delay of Retry ${problem}`);
    this.delay = delay === undefined ? undefined : millisecondsOf(delay);
  }
}

/** Thrown by a handler: the message is buried at once, as a dead letter with this reason. */
export class Reject extends Error {
  readonly [OUTCOME] = 'reject';
  readonly data: unknown;

  /** @throws TypeError when the reason is not a string, or an option is unknown */
  constructor(reason: string, options?: { data?: unknown; cause?: unknown }) {
    super(reason, options);
    this.name = 'Reject';
    checkReason(reason, 'new Reject()');
    if (options !== undefined) checkOptions(options, REJECT_OPTIONS, 'new Reject()');
    this.data = options?.data;
  }
}

/** Thrown by a handler: the message is over, and nothing is kept of it. */
export class Drop extends Error {
  readonly [OUTCOME] = 'drop';

  /** @throws TypeError when the reason is not a string, or an option is unknown */
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'Drop';
    checkReason(reason, 'new Drop()');
    if (options !== undefined) checkOptions(options, OPTIONS, 'new Drop()');
  }
}

function checkReason(reason: unknown, where: string): void {
  if (typeof reason !== 'string') throw new TypeError(`${where} needs its reason as a string, got ${shown(reason)}`);
}

/** What was thrown, if it says how the message ends. */
export function outcomeIn(thrown: unknown): Retry | Reject | Drop | undefined {
  return typeof thrown === 'object' && thrown !== null && OUTCOME in thrown ? (thrown as Retry) : undefined;
}

/** Which of the outcomes it is, also of another copy of the package. */
export function outcomeKind(outcome: Retry | Reject | Drop): 'retry' | 'reject' | 'drop' {
  return outcome[OUTCOME];
}
