import type { HandlerSurroundings } from '@natsmith/core';
import { headersIn, subjectCovers, type Message } from '@natsmith/protocol';
import { REPLAY_HEADER } from '../contract/dead-letter';
import { deliveryOf } from '../nats/delivery';
import { Acknowledger } from './acknowledge';
import type { ConsumerPlan } from './consumer-plan';
import { ConsumerRun, type ConsumerRuntime } from './consumer-run';
import { DeadLetters } from './dead-letters';
import type { HeldMessage } from './held-message';
import { PullLoop } from './pull-loop';
import type { Settling } from './settling';

/** Messages that wait in the process at most, besides those that run. */
const MAX_WAITING = 500;
/** Milliseconds of work that is to wait in the process: enough to never run dry, little enough to be fair to others. */
const AHEAD = 100;
/** Part of `ackWait` after which the server is told that a message is still in work. */
const SIGNS_OF_LIFE = 3;

/** What a consumer needs to know of the server. */
export interface ConsumerLinks {
  /** Makes the consumer again, where it is missing and may be made. */
  provision(): Promise<void>;
}

/** One durable consumer in one service instance: pulls, keeps alive, hands over, settles. */
export class Consumer implements Settling {
  readonly acknowledger: Acknowledger;
  readonly deadLetters: DeadLetters;
  private readonly runtimes: { subject: string; runtime: ConsumerRuntime }[] = [];
  /** By sequence: what is redelivered while it is still here is skipped. */
  private readonly held = new Map<number, ConsumerRun>();
  /** How many messages may wait; grows with the speed of the handler. */
  private window: number;
  private finished = 0;
  private measuredAt = performance.now();
  private readonly pulls: PullLoop;
  private keepAlive: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    readonly plan: ConsumerPlan,
    around: HandlerSurroundings,
    links: ConsumerLinks,
  ) {
    const { connection, outlet, logger } = around.settings;
    const { stream, durable, concurrency } = plan;
    this.window = concurrency;
    this.acknowledger = new Acknowledger(outlet);
    this.deadLetters = new DeadLetters(plan, around);
    const shown = plan.subjects[0] ?? stream.name;
    this.pulls = new PullLoop(connection, `$JS.API.CONSUMER.MSG.NEXT.${stream.name}.${durable}`, {
      onMessage: (message) => this.take(message),
      room: () => this.plan.concurrency + this.window - this.held.size,
      onLost: (err) => {
        logger.warn(
          { consumer: durable, stream: stream.name, err },
          'the consumer gives no messages; it is asked again',
        );
        around.onLost(shown, err);
      },
      onRestored: () => around.onRestored(shown),
      onMissing: () => links.provision(),
    });
  }

  get isLost(): boolean {
    return this.pulls.lost;
  }

  addHandler(subject: string, runtime: ConsumerRuntime): void {
    this.runtimes.push({ subject, runtime });
  }

  start(): void {
    const every = Math.max(20, this.plan.ackWait / (2 * SIGNS_OF_LIFE));
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
    for (const run of [...this.held.values()]) run.withdraw();
    await this.pulls.stop();
  }

  abandon(): void {
    this.isStopping = true;
    this.pulls.abandon();
    clearInterval(this.keepAlive);
  }

  isClosed(): boolean {
    return this.pulls.isClosed() && this.held.size === 0;
  }

  /** The message is settled, and not this process's any more. */
  forget({ delivery }: HeldMessage): void {
    this.held.delete(delivery.sequence);
    this.finished++;
    if (this.isStopping || this.held.size > this.plan.concurrency + this.window / 2) return;
    this.adapt();
    this.pulls.more();
  }

  private take(message: Message): void {
    const { stream, durable } = this.plan;
    const { reply } = message;
    const delivery = deliveryOf(reply);
    // Not of this consumer: somebody knows the inbox, and must not make us acknowledge what is not ours.
    if (reply === undefined || delivery?.stream !== stream.name || delivery.consumer !== durable) return;
    // The sign of life came too late, or not at all; the message is in good hands.
    const known = this.held.get(delivery.sequence);
    if (known !== undefined) return this.acknowledger.keepAlive(known.held);
    const held: HeldMessage = { message, reply, delivery, touchedAt: performance.now() };
    if (this.isStopping) return this.acknowledger.giveBack(held);
    if (isForAnother(message, durable)) return this.acknowledger.acknowledge(held);
    const found = this.runtimeFor(message.subject);
    // A consumer that others made may give what no handler here takes.
    const runtime = found ?? this.runtimes[0]?.runtime;
    if (runtime === undefined) return;
    const run = new ConsumerRun(runtime, held, this);
    this.held.set(delivery.sequence, run);
    run.begin(found === undefined);
  }

  private runtimeFor(subject: string): ConsumerRuntime | undefined {
    return this.runtimes.find((one) => subjectCovers(one.subject, subject))?.runtime;
  }

  /** As many messages wait as are handled in `AHEAD` milliseconds. */
  private adapt(): void {
    const now = performance.now();
    const elapsed = now - this.measuredAt;
    if (this.finished < this.window && elapsed < AHEAD) return;
    const handled = (this.finished * AHEAD) / Math.max(elapsed, 1);
    const most = Math.min(this.window * 4, MAX_WAITING);
    this.window = Math.max(this.plan.concurrency, Math.min(Math.ceil(handled), most));
    this.finished = 0;
    this.measuredAt = now;
  }

  /** What runs and what waits stays this process's: the server delivers nothing a second time because it waited. */
  private signLife(): void {
    const due = performance.now() - this.plan.ackWait / SIGNS_OF_LIFE;
    for (const { held } of this.held.values()) if (held.touchedAt <= due) this.acknowledger.keepAlive(held);
  }
}

/** A dead letter of one consumer that was sent into the stream again is not for the others. */
function isForAnother(message: Message, durable: string): boolean {
  const replayFor = headersIn(message)?.get(REPLAY_HEADER);
  return replayFor !== undefined && replayFor !== durable;
}
