import { DURATION_BOUNDS, type HandlerMeasures } from './measures';

const BOUNDS = DURATION_BOUNDS.map((seconds) => seconds * 1000);

/** What STATS says of one handler (ADR-32, STATS), and what `service.stats()` says besides. */
export class Counter {
  requests = 0;
  errors = 0;
  lastError = '';
  nanoseconds = 0;
  /** Messages that are being handled, and that wait for a place; a reset does not change them. */
  inFlight = 0;
  waiting = 0;
  private shed = 0;
  private readonly buckets: number[] = new Array<number>(BOUNDS.length + 1).fill(0);
  private readonly codes = new Map<string, number>();

  /** Notes a finished request; `error` is `<code>:<description>`, undefined for a success. */
  record(milliseconds: number, error?: string): void {
    this.requests++;
    this.nanoseconds += Math.round(milliseconds * 1e6);
    let bucket = 0;
    while (milliseconds > (BOUNDS[bucket] ?? Infinity)) bucket++;
    (this.buckets[bucket] as number)++;
    if (error === undefined) return;
    this.errors++;
    this.lastError = error;
    const code = error.slice(0, error.indexOf(':'));
    // Codes are the user's, and one that makes up a new one each time is not to fill the memory.
    if (this.codes.has(code) || this.codes.size < MAX_CODES) this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  /** A message finds no place. */
  noteShed(): void {
    this.shed++;
  }

  get measures(): HandlerMeasures {
    return {
      durations: { bounds: DURATION_BOUNDS, counts: [...this.buckets], sum: this.nanoseconds / 1e9 },
      errors: Object.fromEntries(this.codes),
      inFlight: this.inFlight,
      waiting: this.waiting,
      shed: this.shed,
    };
  }

  reset(): void {
    this.requests = 0;
    this.errors = 0;
    this.lastError = '';
    this.nanoseconds = 0;
    this.shed = 0;
    this.buckets.fill(0);
    this.codes.clear();
  }
}

const MAX_CODES = 1000;
