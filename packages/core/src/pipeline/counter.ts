/** What STATS says of one endpoint (ADR-32, STATS). */
export class Counter {
  requests = 0;
  errors = 0;
  lastError = '';
  nanoseconds = 0;

  /** Notes a finished request; `error` is `<code>:<description>`, undefined for a success. */
  record(milliseconds: number, error?: string): void {
    this.requests++;
    this.nanoseconds += Math.round(milliseconds * 1e6);
    if (error === undefined) return;
    this.errors++;
    this.lastError = error;
  }

  reset(): void {
    this.requests = 0;
    this.errors = 0;
    this.lastError = '';
    this.nanoseconds = 0;
  }
}
