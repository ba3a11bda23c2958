import type { Alarm, Clock } from './clock';
import type { Deliveries } from './deliveries';

/** What the wait needs of a consumer. */
export interface Awaiting {
  readonly config: { readonly ack_wait?: number; readonly backoff?: readonly number[] };
  readonly deliveries: Deliveries;
  /** Whether a message may not be delivered once more. */
  isExhausted(sequence: number): boolean;
  wake(): void;
}

/** Brings back messages whose acknowledgement did not come in time. */
export class AckWait {
  private alarm: Alarm | undefined;

  constructor(
    private readonly consumer: Awaiting,
    private readonly clock: Clock,
  ) {}

  /** A message was delivered, or its time was changed. */
  watch(sequence: number): void {
    const delivery = this.consumer.deliveries.pending.get(sequence);
    const wait = this.waitOf(sequence);
    if (delivery && wait > 0) this.wake(delivery.time + wait);
  }

  stop(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  /** Looks at all that waits, brings back what is late, and sleeps until the next. */
  check(): void {
    this.stop();
    const { deliveries } = this.consumer;
    const now = this.clock.now();
    const late: number[] = [];
    let next = Infinity;
    for (const [sequence, { time }] of deliveries.pending) {
      if (deliveries.isQueued(sequence)) continue;
      const due = time + this.waitOf(sequence);
      if (due > now) next = Math.min(next, due);
      else late.push(sequence);
    }
    late.sort((a, b) => a - b);
    for (const sequence of late) {
      if (this.consumer.isExhausted(sequence)) continue;
      deliveries.enqueue(sequence);
    }
    if (next < Infinity) this.wake(next);
    if (late.length > 0) this.consumer.wake();
  }

  /** ms. */
  private waitOf(sequence: number): number {
    const { backoff, ack_wait = 0 } = this.consumer.config;
    if (!backoff || backoff.length === 0) return ack_wait / 1e6;
    const repeats = this.consumer.deliveries.repeats.get(sequence) ?? 0;
    return backoff[Math.min(repeats, backoff.length - 1)]! / 1e6;
  }

  private wake(due: number): void {
    if (this.alarm && this.alarm.due <= due) return;
    this.alarm?.cancel();
    this.alarm = this.clock.at(due, () => this.check());
  }
}
