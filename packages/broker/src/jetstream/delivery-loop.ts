import type { Alarm, Clock } from './clock';
import type { ConsumerConfig } from './consumer-config';
import type { ConsumerTimers } from './consumer-timers';
import type { Deliveries } from './deliveries';
import type { MessageLog, StoredMessage } from './message-log';
import type { Position } from './position';
import type { PullQueue } from './pull-queue';
import type { Sender } from './sender';
import type { Turns } from './turns';

// What is delivered in one go, before others have their turn.
const MAX_MESSAGES = 1_024;
const MAX_BYTES = 4 * 1024 * 1024;

/** What delivering needs of a consumer. */
export interface Delivering {
  readonly closed: boolean;
  readonly config: ConsumerConfig;
  readonly isPush: boolean;
  /** Whether somebody reads a push consumer's subject. */
  readonly isBound: boolean;
  readonly isPaused: boolean;
  /** Whether as many messages wait for acknowledgements as may. */
  readonly isFull: boolean;
  readonly machine: Clock;
  readonly stream: { readonly turns: Turns; readonly log: MessageLog };
  readonly position: Position;
  readonly deliveries: Deliveries;
  readonly requests: PullQueue;
  readonly sender: Sender;
  readonly timers: ConsumerTimers;
  /** Whether a message may not be delivered once more. */
  isExhausted(sequence: number): boolean;
}

/** Delivers what a consumer has to those who ask, a turn at a time. */
export class DeliveryLoop {
  private isAwake = false;
  private tidying: Alarm | undefined;

  constructor(private readonly consumer: Delivering) {}

  /** Delivers what can be, soon. */
  wake(): void {
    const { consumer } = this;
    if (this.isAwake || consumer.closed) return;
    this.isAwake = true;
    consumer.stream.turns.add(() => {
      this.isAwake = false;
      this.deliver();
    });
  }

  /** Ends the requests that are over, and sends the heartbeats that are due. */
  tidy(isAtEnd = false): void {
    const { requests, sender, machine } = this.consumer;
    const next = requests.tidy(isAtEnd, (reply) => sender.beat(reply));
    if (this.tidying && this.tidying.due <= next) return;
    this.stop();
    if (next === Infinity) return;
    this.tidying = machine.at(next, () => {
      this.tidying = undefined;
      this.deliver();
    });
  }

  stop(): void {
    this.tidying?.cancel();
    this.tidying = undefined;
  }

  private deliver(): void {
    const { consumer } = this;
    if (consumer.closed) return;
    let messages = 0;
    let bytes = 0;
    let isAtEnd = true;
    while (!consumer.isPaused && this.canSend()) {
      const next = this.peek();
      if (next === undefined || next === 'full') {
        isAtEnd = next === undefined;
        break;
      }
      if (messages >= MAX_MESSAGES || bytes >= MAX_BYTES) return this.wake();
      const size = consumer.sender.send(next.message, next.count);
      if (size === undefined) {
        isAtEnd = false;
        break;
      }
      messages++;
      bytes += size;
    }
    if (!consumer.isPush) this.tidy(isAtEnd);
  }

  private canSend(): boolean {
    const { isPush, requests, config, sender, timers, isBound } = this.consumer;
    if (!isPush) return requests.length > 0;
    if (config.flow_control && sender.flow.stalledOn !== undefined) return false;
    if (isBound) timers.noteUse();
    return isBound;
  }

  /** The message that is due, and how often it will have been delivered. */
  private peek(): { message: StoredMessage; count: number } | 'full' | undefined {
    const { consumer } = this;
    const { deliveries, stream, position } = consumer;
    for (let again = deliveries.nextAgain; again !== undefined; again = deliveries.nextAgain) {
      if (consumer.isExhausted(again)) continue;
      const message = stream.log.get(again);
      if (message) return { message, count: deliveries.countOf(again) + 1 };
      deliveries.settle(again);
    }
    if (consumer.isFull) return 'full';
    const message = position.peek();
    return message && { message, count: 1 };
  }
}
