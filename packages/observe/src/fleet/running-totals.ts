/** What an endpoint of one instance has counted. */
export interface Counts {
  readonly requests: number;
  readonly errors: number;
  readonly nanoseconds: number;
}

interface Entry {
  /** When the service began to count, as it writes it. */
  started: string;
  latest: Counts;
  /** What was counted before the resets that were seen. */
  before: Counts;
}

/** Entries that are remembered: more than are shown at a time, for those that do not answer for a while. */
const MAX_ENTRIES = 20_000;
const NOTHING: Counts = { requests: 0, errors: 0, nanoseconds: 0 };

/**
 * Totals that only grow. A service may begin to count anew: seen from outside its numbers fall, or grow beyond what they
 * were before anybody looks. Here they go on from where they were, so that no rate is lost and none is made up.
 */
export class RunningTotals {
  /** Those that have not been seen for longest come first. */
  private readonly entries = new Map<string, Entry>();

  /** @param key says whose counts they are */
  update(key: string, started: string, latest: Counts): Counts {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.entries.set(key, { started, latest, before: NOTHING });
      if (this.entries.size > MAX_ENTRIES) this.forgetOldest();
      return latest;
    }
    if (started !== entry.started || isLess(latest, entry.latest)) entry.before = sumOf(entry.before, entry.latest);
    entry.started = started;
    entry.latest = latest;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return sumOf(entry.before, latest);
  }

  private forgetOldest(): void {
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

function isLess(a: Counts, b: Counts): boolean {
  return a.requests < b.requests || a.errors < b.errors || a.nanoseconds < b.nanoseconds;
}

function sumOf(a: Counts, b: Counts): Counts {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    nanoseconds: a.nanoseconds + b.nanoseconds,
  };
}
