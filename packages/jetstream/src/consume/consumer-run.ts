import { failureOf, Run, type HandlerRuntime } from '@natsmith/core';
import { isReceived, ServiceError, type Event } from '@natsmith/protocol';
import type { ConsumerContext } from './consumer-context';
import type { Failure, HeldMessage } from './held-message';
import { outcomeIn, outcomeKind, type Reject, type Retry } from './outcomes';
import type { Settling } from './settling';

/** What all messages of one event of a consumer share. */
export interface ConsumerRuntime extends HandlerRuntime {
  readonly event: Event;
}

/** One delivery on its way: its outcome is an acknowledgement, another delivery, or a dead letter. */
export class ConsumerRun extends Run<ConsumerRuntime> implements ConsumerContext {
  /** What becomes of the message has been decided: what its handler does later changes nothing. */
  private isSettled = false;

  constructor(
    runtime: ConsumerRuntime,
    readonly held: HeldMessage,
    private readonly consumer: Settling,
  ) {
    super(runtime, held.message);
  }

  get kind(): 'consumer' {
    return 'consumer';
  }

  get event(): Event {
    return this.runtime.event;
  }

  get stream(): string {
    return this.held.delivery.stream;
  }

  get sequence(): number {
    return this.held.delivery.sequence;
  }

  get time(): Date {
    return new Date(this.held.delivery.time);
  }

  get attempt(): number {
    return this.held.delivery.attempt;
  }

  get pending(): number {
    return this.held.delivery.pending;
  }

  /** @param isForeign no handler takes the subject */
  begin(isForeign: boolean): void {
    const { attempts } = this.consumer.plan;
    if (isForeign) this.bury({ code: 404, description: `no handler takes the subject ${this.subject}` });
    else if (this.attempt >= attempts + 20)
      this.bury({ code: 500, description: `was delivered ${this.attempt} times without an end` });
    else this.admit();
  }

  protected override done(): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.consumer.acknowledger.acknowledge(this.held);
    this.finish();
  }

  protected override failed(thrown: unknown): void {
    if (this.isSettled) return;
    // Who ends because `ctx.stopping` said so has not failed.
    if (this.runtime.stopping.isReasonOf(thrown)) return this.giveBack('503:service is stopping');
    const outcome = outcomeIn(thrown);
    if (outcome === undefined) return this.failedWith(thrown);
    switch (outcomeKind(outcome)) {
      case 'retry':
        return this.again({ code: 503, description: wordsOf(outcome) }, (outcome as Retry).delay);
      case 'reject':
        return this.bury({ code: 400, description: wordsOf(outcome), data: (outcome as Reject).data });
      case 'drop':
        return this.drop(wordsOf(outcome));
    }
  }

  /** The message is not to blame, so that it goes back at once, and is never buried by that. */
  protected override abandoned({ code, description }: ServiceError): void {
    if (!this.isSettled) this.giveBack(`${code}:${description}`);
  }

  private failedWith(thrown: unknown): void {
    const failure = failureOf(thrown, this, this.runtime);
    const { code } = failure;
    const isOwn = !isReceived(thrown) && thrown instanceof ServiceError;
    if (isOwn && code >= 400 && code < 500 && code !== 408 && code !== 429) this.bury(failure);
    else this.again(failure, undefined);
  }

  private giveBack(error: string): void {
    this.isSettled = true;
    this.consumer.acknowledger.giveBack(this.held);
    this.finish(error);
  }

  private drop(reason: string): void {
    this.isSettled = true;
    const { logger, where } = this.runtime;
    logger.info({ endpoint: where, sequence: this.sequence }, `message dropped: ${reason}`);
    this.consumer.acknowledger.terminate(this.held, reason);
    this.finish();
  }

  /** @param delay milliseconds; undefined for the next delay of the consumer */
  private again(failure: Failure, delay: number | undefined): void {
    const { attempts, delays } = this.consumer.plan;
    if (this.attempt >= attempts) return this.bury(failure);
    this.isSettled = true;
    const wait = delay ?? delays[Math.min(this.attempt, delays.length) - 1] ?? 0;
    const { logger, where } = this.runtime;
    this.inScope(() =>
      logger.warn(
        { endpoint: where, subject: this.subject, sequence: this.sequence, attempt: this.attempt, code: failure.code },
        `run ${this.attempt} of ${attempts} failed: ${failure.description}; again in ${wait} ms`,
      ),
    );
    this.consumer.acknowledger.giveBack(this.held, wait);
    this.finish(`${failure.code}:${failure.description}`);
  }

  /** The dead letter is there before the message is terminated: between the two, nothing can be lost. */
  private bury(failure: Failure): void {
    this.isSettled = true;
    const { logger, where, active } = this.runtime;
    const { acknowledger, deadLetters } = this.consumer;
    const error = `${failure.code}:${failure.description}`;
    this.inScope(() =>
      logger.error(
        { endpoint: where, subject: this.subject, sequence: this.sequence, attempt: this.attempt, data: failure.data },
        `message buried: ${failure.description}`,
      ),
    );
    // A stop waits for the letter.
    active.add(this);
    deadLetters.write(this.held, failure).then(
      () => {
        acknowledger.terminate(this.held, failure.description);
        this.finish(error);
      },
      (err: unknown) => {
        logger.error(
          { endpoint: where, sequence: this.sequence, err },
          'dead letter not written; the message goes back',
        );
        acknowledger.giveBack(this.held);
        this.finish(error);
      },
    );
  }

  private finish(error?: string): void {
    this.consumer.forget(this.held);
    this.end(error);
  }
}

function wordsOf(outcome: Error): string {
  const { message } = outcome as { message: unknown };
  return typeof message === 'string' ? message : 'no reason given';
}
