import { MAX_TIMER } from '@natsmith/protocol';

/** How long a stop may wait: for `stopTimeout`, or until somebody does not want to wait any longer. */
export class TimeLeft {
  /** Resolves when no time is left. */
  readonly up: Promise<void>;
  private resolveUp!: () => void;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor() {
    this.up = new Promise((resolve) => (this.resolveUp = resolve));
  }

  /** Begins to count. */
  start(milliseconds: number): void {
    this.after(milliseconds, () => this.expire());
  }

  expire(): void {
    this.resolveUp();
  }

  /** Resolves to undefined so many ms after the time is up: what is still to be done then gets that much. */
  beyond(milliseconds: number): Promise<void> {
    return this.up.then(() => new Promise((resolve) => this.after(milliseconds, resolve)));
  }

  /** Stops counting; what waits for the end of the time waits for ever. */
  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private after(milliseconds: number, then: () => void): void {
    this.timers.push(setTimeout(then, Math.min(milliseconds, MAX_TIMER)));
  }
}
