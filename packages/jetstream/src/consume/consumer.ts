import type { HandlerSurroundings } from '@natsmith/core';
import { headersIn, type Message } from '@natsmith/protocol';
import { REPLAY_HEADER } from '../contract/dead-letter';
import { DeliveryReader, replyBytes } from '../nats/delivery';
import { managerOf } from '../nats/manager';
import { Acknowledger } from './acknowledge';
import type { ConsumerPlan } from './consumer-plan';
import { DeadLetters } from './dead-letters';
import { dispatchOf, type ConsumedEvent, type Dispatch } from './dispatch';
import { HeldMessage, HeldMessages } from './held-message';
import { Lag } from './lag';
import { PullLoop } from './pull-loop';
import { Settler } from './settler';
import { untilAlone } from './succession';

/** Messages that wait in the process at most, besides those that run. */
const MAX_WAITING = 500;
/** Milliseconds of work that is to wait in the process: enough to never run dry, little enough to be fair to others. */
const AHEAD = 100;
/** Rounds in each `ackWait` that look for messages which are still in work after a whole round. */
const KEEP_ALIVE_ROUNDS = 6;
/** Finished messages between two looks at the clock. */
const CLOCK_INTERVAL = 8;

/** What a consumer needs to know of the server. */
export interface ConsumerLinks {
  /** Makes the consumer again, where it is missing and may be made. */
  provision(): Promise<void>;
}

/** One durable consumer in one service instance: pulls, keeps alive, hands over. */
export class Consumer {
  readonly lag: Lag;
  private readonly acknowledger: Acknowledger;
  private readonly dispatch: Dispatch;
  private readonly events: ConsumedEvent[] = [];
  /** What is redelivered while it is still here is skipped. */
  private readonly held = new HeldMessages();
  /** How many messages may wait; grows with the speed of the handler. */
  private window: number;
  private finished = 0;
  private measuredAt = performance.now();
  private readonly pulls: PullLoop;
  private readonly deliveries: DeliveryReader;
  private keepAlive: NodeJS.Timeout | undefined;
  /** Counts the rounds of `keepAlive`; cheaper for each message than the clock. */
  private round = 0;
  private isStopping = false;
  /** Messages of a new holder, while those of the one before may still be in work; undefined when it has begun. */
  private early: HeldMessage[] | undefined;
  /** Grows with each time that this instance becomes the holder. */
  private terms = 0;

  constructor(
    readonly plan: ConsumerPlan,
    private readonly around: HandlerSurroundings,
    links: ConsumerLinks,
  ) {
    const { connection, outlet, logger } = around.settings;
    const { stream, durable, isExclusive } = plan;
    this.lag = new Lag(connection, `${stream.name}.${durable}`);
    this.acknowledger = new Acknowledger(outlet);
    this.deliveries = new DeliveryReader(stream.name, durable);
    const settler = new Settler(plan, this.acknowledger, new DeadLetters(plan, around), {
      onSettled: (held, comesAgain) => this.forget(held, comesAgain),
    });
    this.dispatch = dispatchOf(plan, settler, this.events);
    this.window = this.dispatch.least;
    const shown = plan.subjects[0] ?? stream.name;
    this.pulls = new PullLoop(connection, outlet, `$JS.API.CONSUMER.MSG.NEXT.${stream.name}.${durable}`, isExclusive, {
      onMessage: (message) => this.take(message),
      room: () => this.dispatch.least + this.window - this.held.size + this.dispatch.waitingBehind,
      onLost: (err) => {
        logger.warn(
          { consumer: durable, stream: stream.name, err },
          'the consumer gives no messages; it is asked again',
        );
        around.onLost(shown, err);
      },
      onRestored: () => around.onRestored(shown),
      onMissing: () => links.provision(),
      onPinned: () => void this.succeed(),
    });
  }

  get isLost(): boolean {
    return this.pulls.lost;
  }

  addEvent(event: ConsumedEvent): void {
    this.events.push(event);
  }

  start(): void {
    const every = Math.max(20, this.plan.ackWait / KEEP_ALIVE_ROUNDS);
    this.keepAlive = setInterval(() => this.signLife(), every).unref();
    this.pulls.start();
  }

  /** Asks for nothing while the connection goes to another server; what is here goes on. */
  pause(): Promise<void> {
    return this.pulls.pause();
  }

  resume(): void {
    this.pulls.resume();
  }

  /** Takes nothing new; what has not begun goes back at once. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.dispatch.stop();
    for (const held of [...this.held])
      if (held.run !== undefined) held.run.withdraw();
      else {
        this.acknowledger.giveBack(held);
        this.held.delete(held);
      }
    await this.pulls.stop();
  }

  abandon(): void {
    this.isStopping = true;
    this.dispatch.stop();
    this.pulls.abandon();
    clearInterval(this.keepAlive);
  }

  isClosed(): boolean {
    return this.pulls.isClosed() && this.held.size === 0;
  }

  private take(message: Message): void {
    const delivery = this.deliveries.read(replyBytes(message));
    // Not of this consumer: somebody knows the inbox, and must not make us acknowledge what is not ours.
    if (delivery === undefined) return;
    const known = this.held.find(delivery.sequence);
    if (known !== undefined) {
      // The sign of life came too late, or not at all; the message is in good hands.
      if (known.delivery.time === delivery.time) return this.acknowledger.keepAlive(known);
      this.held.forgetUntil(known.delivery.time);
    }
    const held = new HeldMessage(message, delivery, this.round);
    if (this.isStopping) return this.acknowledger.giveBack(held);
    if (isForAnother(message, this.plan.durable)) return this.acknowledger.acknowledge(held);
    if (this.early === undefined) this.dispatch.take(held);
    else this.early.push(held);
    // Most handlers that wait for nothing are done by now.
    if (!held.isOver) this.held.add(held);
  }

  /** The message is settled, and not this process's any more. */
  private forget(held: HeldMessage, comesAgain: boolean): void {
    held.isOver = true;
    this.held.delete(held);
    this.finished++;
    if (this.isStopping) return;
    this.dispatch.settled(held, comesAgain);
    if (this.held.size - this.dispatch.waitingBehind > this.dispatch.least + this.window / 2) return;
    this.adapt();
    this.pulls.more();
  }

  /** This instance has become the one that gets messages: it begins when the one before has nothing in work any more. */
  private async succeed(): Promise<void> {
    const term = ++this.terms;
    this.early ??= [];
    const { stream, durable, ackWait } = this.plan;
    const { connection } = this.around.settings;
    const isOver = (): boolean => this.isStopping || this.terms !== term;
    await untilAlone(
      () => managerOf(connection),
      stream.name,
      durable,
      () => this.held.size,
      ackWait,
      isOver,
    );
    if (isOver()) return;
    const early = this.early ?? [];
    this.early = undefined;
    for (const held of early.sort((a, b) => a.delivery.sequence - b.delivery.sequence))
      if (held.isListed) this.dispatch.take(held);
  }

  /** As many messages wait as are handled in `AHEAD` milliseconds. */
  private adapt(): void {
    if (this.finished < this.window && this.finished % CLOCK_INTERVAL !== 0) return;
    const now = performance.now();
    const elapsed = now - this.measuredAt;
    if (this.finished < this.window && elapsed < AHEAD) return;
    const handled = (this.finished * AHEAD) / Math.max(elapsed, 1);
    const most = Math.min(this.window * 4, Math.max(MAX_WAITING, this.dispatch.least));
    this.window = Math.max(this.dispatch.least, Math.min(Math.ceil(handled), most));
    this.finished = 0;
    this.measuredAt = now;
  }

  /** What runs and what waits stays this process's: the server delivers nothing a second time because it waited. */
  private signLife(): void {
    this.round++;
    for (const held of this.held) {
      if (this.round - held.touchedIn < 2) continue;
      held.touchedIn = this.round;
      this.acknowledger.keepAlive(held);
    }
  }
}

/** A dead letter of one consumer that was sent into the stream again is not for the others. */
function isForAnother(message: Message, durable: string): boolean {
  const replayFor = headersIn(message)?.get(REPLAY_HEADER);
  return replayFor !== undefined && replayFor !== durable;
}
