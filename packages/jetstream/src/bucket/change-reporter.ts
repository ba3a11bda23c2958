import { removal, type Change } from './change';

/** Stands in the queue behind the values that were there in the beginning. */
const END_OF_START = Symbol('end of start');

/** Who hears of the changes. */
export interface ChangeListener {
  /** Called for one change after the other; the next waits for the promise. */
  onChange(change: Change): unknown;
  /** A change has been reported, and there is room for another. */
  onReported(): void;
}

/**
 * Reports the changes of a bucket one after the other. What is read again is not reported again, and a key that has lost
 * its value between two readings is reported as gone.
 */
export class ChangeReporter {
  /** Resolves when the values that were there in the beginning have been reported. */
  readonly started: Promise<void>;
  private resolveStarted!: () => void;
  private hasStarted = false;
  /** Key to revision and time of what has been reported; deleted keys are not among them. */
  private readonly known = new Map<string, string>();
  /** Keys that the present reading of the whole bucket has found. */
  private found: Set<string> | undefined;
  private readonly queue: (Change | typeof END_OF_START)[] = [];
  private isReporting = false;

  constructor(
    /** What stands before keys in subjects: `$KV.config.`. */
    private readonly prefix: string,
    private readonly listener: ChangeListener,
  ) {
    this.started = new Promise((resolve) => (this.resolveStarted = resolve));
  }

  /** Whether what comes now are the values that were there in the beginning. */
  get isStarting(): boolean {
    return !this.hasStarted;
  }

  /** How many changes wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /** All keys of the bucket are read from now on, until `endReading`. */
  beginReading(): void {
    this.found = new Set();
  }

  /** The bucket's state has been read; what it has lost since the last time, without a message, has no value any more. */
  endReading(): void {
    const { found } = this;
    this.found = undefined;
    for (const [key, state] of this.known)
      if (found?.has(key) === false) this.take(removal(key, this.prefix + key, Number(state.split(' ')[0])));
    if (this.isStarting) this.queue.push(END_OF_START);
    this.work();
  }

  add(change: Change): void {
    this.found?.add(change.key);
    this.take(change);
  }

  /** What waits is dropped; what is being reported is finished. */
  stop(): void {
    this.queue.length = 0;
    this.resolveStarted();
  }

  private take(change: Change): void {
    const state = `${change.revision} ${change.time}`;
    const known = this.known.get(change.key);
    if (change.operation === 'put') {
      if (known === state) return;
      this.known.set(change.key, state);
    } else {
      // A value that was never reported need not be reported as gone.
      if (known === undefined) return;
      this.known.delete(change.key);
    }
    this.queue.push(change);
    this.work();
  }

  private work(): void {
    if (!this.isReporting) void this.report();
  }

  private async report(): Promise<void> {
    this.isReporting = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift())
        if (next === END_OF_START) {
          this.hasStarted = true;
          this.resolveStarted();
        } else {
          await this.listener.onChange(next);
          this.listener.onReported();
        }
    } finally {
      this.isReporting = false;
    }
  }
}
