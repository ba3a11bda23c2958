/** Milliseconds that the lines of one limit share. */
const INTERVAL = 10_000;

/** Keeps messages that are alike, and may be hostile, from filling the log. */
export class LogLimit {
  private count = 0;
  private left = 0;
  private begunAt = -Infinity;

  /** @param lines in ten seconds */
  constructor(private readonly lines: number) {}

  /** Counts a message. Gives how many a line is to stand for: those since the last one; 0 for no line now. */
  add(): number {
    this.count++;
    const now = performance.now();
    if (now - this.begunAt >= INTERVAL) {
      this.begunAt = now;
      this.left = this.lines;
    }
    if (this.left === 0) return 0;
    this.left--;
    const { count } = this;
    this.count = 0;
    return count;
  }
}
