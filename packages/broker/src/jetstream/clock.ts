/** Something that happens at a time of a {@link Clock}. */
export interface Alarm {
  readonly due: number;
  cancel(): void;
}

interface Entry extends Alarm {
  readonly ring: () => void;
}

const MAX_DELAY = 2 ** 31 - 1;

/**
 * The broker's time, in milliseconds since 1970 with fractions: it runs with the machine's, never back, and can be moved
 * ahead. All that JetStream does by time hangs on it.
 */
export class Clock {
  private ahead = 0;
  private still: number | undefined;
  private alarms: Entry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private timerDue = Infinity;
  private moving: Promise<void> = Promise.resolve();
  private stopped = false;

  /** @param failed called with what an alarm throws; the other alarms ring all the same */
  constructor(private readonly failed: (error: unknown) => void) {}

  now(): number {
    return this.still ?? machineTime() + this.ahead;
  }

  /** Rings once, at that time or as soon as it can afterwards. */
  at(due: number, ring: () => void): Alarm {
    const entry: Entry = { due, ring, cancel: () => this.remove(entry) };
    // Also for what is not a number: it never rings, and does not keep others from it.
    if (this.stopped || !(due < Infinity)) return entry;
    this.alarms.splice(this.placeAfter(due), 0, entry);
    this.wind();
    return entry;
  }

  /**
   * Moves the time ahead and rings what is due on the way, in order, each at its own time.
   * @param settled awaited after each ring, for what follows from it
   */
  advance(ms: number, settled: () => Promise<void>): Promise<void> {
    const moved = this.moving.then(() => this.move(ms, settled));
    this.moving = moved.catch(() => undefined);
    return moved;
  }

  /** Nothing rings any more. */
  stop(): void {
    this.stopped = true;
    this.alarms = [];
    clearTimeout(this.timer);
  }

  private async move(ms: number, settled: () => Promise<void>): Promise<void> {
    const end = this.now() + ms;
    this.still = this.now();
    try {
      for (let next = this.alarms[0]; next !== undefined && next.due <= end; next = this.alarms[0]) {
        this.still = Math.max(this.still, next.due);
        this.alarms.shift();
        this.ring(next);
        await settled();
      }
      this.still = end;
    } finally {
      this.ahead = this.still - machineTime();
      this.still = undefined;
      this.wind();
    }
  }

  private ring(entry: Entry): void {
    try {
      entry.ring();
    } catch (error) {
      this.failed(error);
    }
  }

  private remove(entry: Entry): void {
    const at = this.alarms.indexOf(entry, Math.max(0, this.placeBefore(entry.due)));
    if (at >= 0) this.alarms.splice(at, 1);
  }

  private placeAfter(due: number): number {
    return this.place((alarm) => alarm.due <= due);
  }

  private placeBefore(due: number): number {
    return this.place((alarm) => alarm.due < due);
  }

  private place(isBefore: (alarm: Entry) => boolean): number {
    let low = 0;
    let high = this.alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.alarms[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** One timer of the machine for the earliest alarm; it does not keep the process alive. */
  private wind(): void {
    const due = this.alarms[0]?.due ?? Infinity;
    if (this.stopped || this.still !== undefined || due >= this.timerDue) return;
    clearTimeout(this.timer);
    this.timerDue = due;
    const delay = Math.min(MAX_DELAY, Math.max(0, Math.ceil(due - this.now())));
    this.timer = setTimeout(() => this.ringDue(), delay).unref();
  }

  private ringDue(): void {
    this.timerDue = Infinity;
    if (this.still !== undefined) return;
    const now = this.now();
    while (this.alarms[0] !== undefined && this.alarms[0].due <= now) this.ring(this.alarms.shift()!);
    this.wind();
  }
}

function machineTime(): number {
  return performance.timeOrigin + performance.now();
}
