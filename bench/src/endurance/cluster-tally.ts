import { type ClusterLoad } from './cluster-load';

interface Sum {
  sent: number;
  lost: number;
  wrong: number;
}

/** What came of the requests of several loads, one after the other. */
export class ClusterTally {
  private readonly sums = new Map<string, Sum>();
  private readonly errors = new Map<string, number>();
  private doubled = 0;
  /** Milliseconds from the harm to the last request that was lost, the longest of all rounds. */
  longest = 0;

  /** @param since when the cluster was harmed, as `performance.now()` */
  add(load: ClusterLoad, since: number): void {
    this.doubled += load.doubled;
    for (const outcome of load.outcomes) {
      const { of, sent, lost, wrong, lastLost } = outcome;
      const sum = this.sums.get(of) ?? { sent: 0, lost: 0, wrong: 0 };
      this.sums.set(of, { sent: sum.sent + sent, lost: sum.lost + lost, wrong: sum.wrong + wrong });
      if (lost > 0) this.longest = Math.max(this.longest, lastLost - since);
      for (const [name, count] of outcome.errors) {
        const key = `${of}: ${name}`;
        this.errors.set(key, (this.errors.get(key) ?? 0) + count);
      }
    }
  }

  get sent(): number {
    return this.total('sent');
  }

  get lost(): number {
    return this.total('lost');
  }

  /** Wrong or doubled replies, which nothing excuses. */
  get misses(): string[] {
    const misses: string[] = [];
    if (this.total('wrong') > 0) misses.push(`${this.total('wrong')} replies are wrong`);
    if (this.doubled > 0) misses.push(`${this.doubled} requests were answered twice`);
    return misses;
  }

  figures(): Record<string, number | string> {
    const lines = [...this.sums].flatMap(([of, { sent, lost }]) => [
      [`requests of ${of}`, sent],
      [`lost by ${of}`, lost],
    ]);
    return {
      ...(Object.fromEntries(lines) as Record<string, number>),
      'wrong replies': this.total('wrong'),
      'requests answered twice': this.doubled,
      'the last lost request was sent after, ms': Math.round(this.longest),
      errors: this.said(),
    };
  }

  /** The errors and how often they came. */
  said(): string {
    return [...this.errors].map(([name, count]) => `${name} (${count})`).join(', ') || 'none';
  }

  private total(what: keyof Sum): number {
    return [...this.sums.values()].reduce((sum, one) => sum + one[what], 0);
  }
}
