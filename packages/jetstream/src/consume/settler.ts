import type { BoundLogger, HandlerRuntime } from '@natsmith/core';
import { writtenDuration } from '../nats/duration';
import type { Acknowledger } from './acknowledge';
import type { ConsumerPlan } from './consumer-plan';
import type { Failure, HeldMessage } from './held-message';
import type { Settlement } from './settlement';
import type { Verdict } from './verdict';

/** How a message has ended: with an error for the statistics, or without one; at once, or when a promise resolves. */
export interface Ending {
  readonly error: string | undefined;
  /** What has become of it, where nothing is waited for. */
  readonly settlement: Settlement;
  readonly until: Promise<Settlement> | undefined;
}

/** Where a message is logged and counted: by its run, or by its handler where nothing runs. */
export interface Logged {
  readonly log: BoundLogger;
  readonly counter: HandlerRuntime['counter'];
}

/** What a settler reports. */
export interface SettlerEvents {
  /** The message is settled, and not this process's any more. @param comesAgain it will be delivered again */
  onSettled(held: HeldMessage, comesAgain: boolean): void;
}

/** What is counted besides, as `measures.counts` of `service.stats()` names it. */
export const DEAD_LETTERS = 'deadLetters';
export const RETRIES = 'retries';

const ACKNOWLEDGED: Settlement = Object.freeze({ end: 'acknowledged' });
const UNCONFIRMED: Settlement = Object.freeze({ end: 'unconfirmed' });
const BURIED: Settlement = Object.freeze({ end: 'buried' });
const DROPPED: Settlement = Object.freeze({ end: 'dropped' });
const RETURNED: Settlement = Object.freeze({ end: 'returned' });
const ENDED: Ending = { error: undefined, settlement: ACKNOWLEDGED, until: undefined };

/** Ends messages: acknowledges them, lets them come again, buries them. The one place where that is decided. */
export class Settler {
  constructor(
    private readonly plan: Pick<ConsumerPlan, 'attempts' | 'delays' | 'confirm'>,
    readonly acknowledger: Acknowledger,
    private readonly deadLetters: { write(held: HeldMessage, failure: Failure): Promise<void> },
    private readonly events: SettlerEvents,
  ) {}

  acknowledge(held: HeldMessage, run: Logged): Ending {
    if (!this.plan.confirm) {
      this.acknowledger.acknowledge(held);
      this.events.onSettled(held, false);
      return ENDED;
    }
    const until = this.acknowledger.confirm(held).then(
      () => {
        this.events.onSettled(held, false);
        return ACKNOWLEDGED;
      },
      (err: unknown) => {
        run.log.warn({ ...aboutOf(held), err }, 'acknowledgement not confirmed');
        this.events.onSettled(held, true);
        return UNCONFIRMED;
      },
    );
    return { error: undefined, settlement: ACKNOWLEDGED, until };
  }

  giveBack(held: HeldMessage, failure: Failure): Ending {
    this.acknowledger.giveBack(held);
    this.events.onSettled(held, true);
    return { error: errorOf(failure), settlement: RETURNED, until: undefined };
  }

  settle(held: HeldMessage, verdict: Verdict, run: Logged): Ending {
    const { end, failure } = verdict;
    if (end === 'back') return this.giveBack(held, failure);
    if (end === 'drop') return this.drop(held, failure, run);
    if (end === 'bury' || held.delivery.attempt >= this.plan.attempts) return this.bury(held, failure, run);
    return this.again(held, failure, verdict.delay, run);
  }

  /** The dead letter is there before the message is terminated: between the two, nothing can be lost. */
  bury(held: HeldMessage, failure: Failure, { log, counter }: Logged): Ending {
    const about = aboutOf(held);
    log.error({ ...about, code: failure.code, data: failure.data }, `message buried: ${failure.description}`);
    const until = this.deadLetters.write(held, failure).then(
      () => {
        counter.count(DEAD_LETTERS);
        this.acknowledger.terminate(held, failure.description);
        this.events.onSettled(held, false);
        return BURIED;
      },
      (err: unknown) => {
        log.error({ ...about, err }, 'dead letter not written; the message goes back');
        this.acknowledger.giveBack(held);
        this.events.onSettled(held, true);
        return RETURNED;
      },
    );
    return { error: errorOf(failure), settlement: BURIED, until };
  }

  private drop(held: HeldMessage, { description }: Failure, { log }: Logged): Ending {
    log.info(aboutOf(held), `message dropped: ${description}`);
    this.acknowledger.terminate(held, description);
    this.events.onSettled(held, false);
    return { error: undefined, settlement: DROPPED, until: undefined };
  }

  private again(held: HeldMessage, failure: Failure, delay: number | undefined, { log, counter }: Logged): Ending {
    const { attempts, delays } = this.plan;
    const { attempt } = held.delivery;
    const wait = delay ?? delays[Math.min(attempt, delays.length) - 1] ?? 0;
    log.warn(
      { ...aboutOf(held), code: failure.code },
      `run ${attempt} of ${attempts} failed: ${failure.description}; again in ${writtenDuration(wait)}`,
    );
    counter.count(RETRIES);
    this.acknowledger.giveBack(held, wait);
    this.events.onSettled(held, true);
    return { error: errorOf(failure), settlement: { end: 'retried', delay: wait }, until: undefined };
  }
}

function aboutOf({ message, delivery }: HeldMessage): object {
  return { subject: message.subject, sequence: delivery.sequence, attempt: delivery.attempt };
}

function errorOf({ code, description }: Failure): string {
  return `${code}:${description}`;
}
