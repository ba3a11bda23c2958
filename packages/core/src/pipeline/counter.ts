import { DURATION_BOUNDS, type HandlerMeasures } from './measures';

const BOUNDS = DURATION_BOUNDS.map((seconds) => seconds * 1000);
const [FIRST = 0] = BOUNDS;

const MAX_CODES = 1000;

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
  /** All but the first: nearly all messages belong there, and are those that are left. */
  private readonly slow: number[] = new Array<number>(BOUNDS.length).fill(0);
  private readonly codes = new Map<string, number>();
  private readonly counts = new Map<string, number>();

  /** Notes a finished request; `error` is `<code>:<description>`, undefined for a success. */
  record(milliseconds: number, error?: string): void {
    this.requests++;
    this.nanoseconds += Math.round(milliseconds * 1e6);
    if (milliseconds > FIRST) this.noteSlow(milliseconds);
    if (error === undefined) return;
    this.errors++;
    this.lastError = error;
    const code = error.slice(0, error.indexOf(':'));
    // Codes are the user's, and one that makes up a new one each time is not to fill the memory.
    if (this.codes.has(code) || this.codes.size < MAX_CODES) this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  private noteSlow(milliseconds: number): void {
    let bucket = 1;
    while (milliseconds > (BOUNDS[bucket] ?? Infinity)) bucket++;
    this.slow[bucket - 1] = (this.slow[bucket - 1] ?? 0) + 1;
  }

  /** Counts what only its kind knows; with 0 it is there before the first one. */
  count(name: string, times = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }

  /** A message finds no place. */
  noteShed(): void {
    this.shed++;
  }

  get measures(): HandlerMeasures {
    const quick = this.slow.reduce((left, count) => left - count, this.requests);
    return {
      durations: { bounds: DURATION_BOUNDS, counts: [quick, ...this.slow], sum: this.nanoseconds / 1e9 },
      errors: Object.fromEntries(this.codes),
      inFlight: this.inFlight,
      waiting: this.waiting,
      shed: this.shed,
      counts: Object.fromEntries(this.counts),
    };
  }

  reset(): void {
    this.requests = 0;
    this.errors = 0;
    this.lastError = '';
    this.nanoseconds = 0;
    this.shed = 0;
    this.slow.fill(0);
    this.codes.clear();
    for (const name of this.counts.keys()) this.counts.set(name, 0);
  }
}
