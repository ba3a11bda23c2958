import { errorNamed, isThenable, MAX_TIMER, ServiceError } from '@natsmith/protocol';
import type { PendingMessage } from './active';
import { contextOf, endOf, executeObserved, messageEnd, messageError, messageStart, publishStart } from './channels';
import { Context } from './context';
import type { ReceivedMessage } from './message';
import type { HandlerRuntime } from './runtime';
import { stopping } from './stopping';

/** Milliseconds that a stop waits for a stream to clean up whose reader knows of the stop. */
const CLEANUP_TIME = 100;
const SETTLED = Promise.resolve();

/**
 * Takes one message to its outcome: a value (`done`), an error (`failed`, also where its time is up or its caller has
 * left), or none (`abandoned`, where the limits or a stop do not let it run). What becomes of the outcome is the
 * kind's: a reply, nothing, an acknowledgement. Never throws: whatever goes wrong is the outcome.
 */
export abstract class Run<Runtime extends HandlerRuntime = HandlerRuntime> extends Context implements PendingMessage {
  before: PendingMessage | undefined;
  after: PendingMessage | undefined;
  isListed = false;
  turn: PendingMessage['turn'];
  /** How many limiters the message has a place in. */
  private places = 0;
  private timer: NodeJS.Timeout | undefined;
  /** It is being handled, and counts as such until its end. */
  private hasBegun = false;
  private isAbandoned = false;
  /** Promises of the handler and its middleware that are not settled yet. */
  private running = 0;
  private whenEnded: (() => void)[] | undefined;
  /** `<code>:<description>` of an outcome that is settled, undefined for a success. */
  private settledError: string | undefined;

  declare protected readonly runtime: Runtime;

  constructor(runtime: Runtime, message: ReceivedMessage) {
    super(runtime, message);
  }

  get finished(): Promise<{ readonly error?: ServiceError }> {
    if (this.isDone) return Promise.resolve(this.ending());
    return new Promise((resolve) => this.onEnd(() => resolve(this.ending())));
  }

  /** Calls the listener when the outcome is settled. */
  onEnd(listener: () => void): void {
    (this.whenEnded ??= []).push(listener);
  }

  /** Takes a place in each limiter, in order, then starts. */
  admit(): void {
    const { limiters, waits } = this.runtime;
    for (let limiter = limiters[this.places]; limiter !== undefined; limiter = limiters[this.places]) {
      const answer = limiter.enter(this, !waits);
      if (answer === 'refused') return this.shed();
      if (answer === 'waits') return this.wait();
      this.places++;
    }
    this.start();
  }

  resume(): void {
    this.places++;
    this.startedAt = performance.now();
    if (this.runtime.waits) this.expiresAt = this.startedAt + this.runtime.timeout;
    this.runtime.counter.waiting--;
    // It may have ended on its way out of the queue.
    if (this.isDone) this.release();
    else this.admit();
  }

  /** Ends it with 503, because the service is made to stop. */
  abandon(): void {
    if (this.isDone) return;
    const error = errorNamed('stopped');
    this.abort(error);
    this.giveUp(error);
  }

  /**
   * Ends a message as `abandoned` that has not begun and waits for a place; gives whether it did so. For kinds that
   * give back what waits when they stop.
   */
  withdraw(): boolean {
    if (this.isDone || this.hasBegun) return false;
    this.abandon();
    return true;
  }

  /** Its stream gives nothing any more while the service stops. */
  standStill(): void {
    this.endBefore(stopping());
    setTimeout(() => this.runtime.active.delete(this), CLEANUP_TIME);
  }

  override keepPlaceUntil(settled: Promise<unknown>): void {
    this.running++;
    const end = (): void => {
      this.running--;
      if (this.isDone && this.running === 0) this.release();
    };
    settled.then(end, end);
  }

  /** What log lines call it. */
  protected get noun(): string {
    return 'message';
  }

  /** Settles the value of the handler; ends with `end`, `settle` or `failed`. */
  protected abstract done(value: unknown): void;

  /** Settles what was thrown; ends with `end`. */
  protected abstract failed(thrown: unknown): void;

  /**
   * Settles a message that was not begun for want of a place, or was cut off by a stop; ends with `end`. A kind that
   * takes its messages back does so here: the handler has not failed.
   */
  protected abandoned(error: ServiceError): void {
    this.failed(error);
  }

  /** How it has ended, for `finished`. */
  protected ending(): { readonly error?: ServiceError } {
    return this.settledError === undefined ? {} : { error: errorOf(this.settledError) };
  }

  /** Ends in an error; what was thrown is settled by `failed`. */
  protected fail(thrown: unknown): void {
    if (!this.hasBegun) this.turnAway();
    if (messageError.hasSubscribers) messageError.publish({ ctx: contextOf(this), error: thrown });
    this.failed(thrown);
  }

  /** Ends the message before its handler, which is notified by its signal. */
  protected endBefore(error: ServiceError): void {
    if (this.isDone) return;
    this.abort(error);
    this.fail(error);
  }

  protected expire(): void {
    this.endBefore(errorNamed('timeout'));
  }

  /** Goes on when a promise is settled: that of the handler, or of what settles its value. */
  protected async settle(result: PromiseLike<unknown>): Promise<void> {
    this.running++;
    this.watch();
    try {
      const value = await result;
      this.running--;
      if (this.isDone) this.endLate();
      else this.done(value);
    } catch (thrown) {
      this.running--;
      if (this.isDone) this.endLate(thrown);
      else this.fail(thrown);
    }
  }

  /**
   * The outcome is settled.
   * @param error `<code>:<description>`, undefined for a success
   * @param settlement for listeners to `natsmith:message:end`: what the kind has to say of how it was settled
   */
  protected end(error?: string, settlement?: object): void {
    const { counter, accessLog } = this.runtime;
    const milliseconds = performance.now() - this.startedAt;
    counter.record(milliseconds, error);
    this.settledError = error;
    if (!this.hasBegun) this.turnAway();
    counter.inFlight--;
    if (messageEnd.hasSubscribers) {
      const outcome = error === undefined ? 'done' : this.isAbandoned ? 'abandoned' : 'failed';
      messageEnd.publish(endOf(this, outcome, milliseconds, error, settlement));
    }
    if (accessLog !== undefined) this.log[accessLog]({ milliseconds, error }, this.noun);
    this.isDone = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.whenEnded !== undefined) for (const listener of this.whenEnded) listener();
    // A handler that goes on after its time keeps its place: what it uses is still in use.
    if (this.running === 0) this.release();
    // Where messages wait for a place, however long, one that never ends would hold them up for ever.
    else if (this.runtime.waits) this.leavePlaces();
  }

  /** Runs what logs of a failure in the asynchronous context in which the handler failed. */
  protected inScope(work: () => void): void {
    if (this.scope === undefined) work();
    else this.scope(work);
  }

  private start(): void {
    this.hasBegun = true;
    this.runtime.counter.inFlight++;
    if (messageStart.hasSubscribers) executeObserved(this);
    else this.execute();
  }

  execute(): void {
    if (this.expiresAt <= this.startedAt) return this.expire();
    let result: unknown;
    let isPending: boolean;
    try {
      result = this.runtime.run(this);
      // What a handler returns may throw when it is looked at.
      isPending = isThenable(result);
    } catch (thrown) {
      if (this.isDone) this.endLate(thrown);
      else this.fail(thrown);
      return;
    }
    if (isPending) void this.settle(result as PromiseLike<unknown>);
    else if (this.isDone) this.endLate();
    else this.done(result);
  }

  /** Finds no place. */
  private shed(): void {
    this.runtime.counter.noteShed();
    this.giveUp(errorNamed('shed'));
  }

  /** It ends without having begun; listeners see a start all the same, since an end follows. */
  private turnAway(): void {
    this.hasBegun = true;
    this.runtime.counter.inFlight++;
    if (messageStart.hasSubscribers) publishStart(this);
  }

  /** Waits for a place. */
  private wait(): void {
    this.runtime.counter.waiting++;
    if (this.runtime.waits) this.runtime.active.add(this);
    else this.watch();
  }

  private giveUp(error: ServiceError): void {
    this.isAbandoned = true;
    if (!this.hasBegun) this.turnAway();
    if (messageError.hasSubscribers) messageError.publish({ ctx: contextOf(this), error });
    this.abandoned(error);
  }

  /** A handler has ended whose message ended long ago. */
  private endLate(err?: unknown): void {
    // A handler that stopped because its signal was aborted has done what it should.
    if (this.isAbortedWith(err)) this.log.debug({}, 'handler stopped, as its signal asked');
    else this.inScope(() => this.log.warn({ err }, 'handler ended after its time; its result is dropped'));
    if (this.running === 0) this.release();
  }

  /** Keeps an eye on a message that does not end in the callback which brought it. */
  private watch(): void {
    this.runtime.active.add(this);
    if (this.expiresAt < Infinity && this.timer === undefined) this.setTimer();
  }

  private setTimer(): void {
    const left = this.expiresAt - performance.now();
    this.timer = setTimeout(() => (left > MAX_TIMER ? this.setTimer() : this.expire()), Math.min(left, MAX_TIMER));
  }

  private release(): void {
    const { limiters, active, counter } = this.runtime;
    active.delete(this);
    if (limiters[this.places]?.giveUp(this) === true) counter.waiting--;
    this.leavePlaces();
  }

  private leavePlaces(): void {
    const { limiters } = this.runtime;
    while (this.places > 0) {
      const next = limiters[--this.places]?.leave();
      // A microtask, because a queue of handlers that are not async would else go through the stack; queueMicrotask
      // makes an AsyncResource for each.
      if (next !== undefined) void SETTLED.then(() => next.resume());
    }
  }
}

function errorOf(settled: string): ServiceError {
  const colon = settled.indexOf(':');
  return new ServiceError(Number(settled.slice(0, colon)), settled.slice(colon + 1));
}
