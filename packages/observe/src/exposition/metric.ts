/** A metric: its name and what it means. */
export interface Metric {
  /** Of a counter with its `_total`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** What the name ends in, before `_total`. */
  readonly unit?: 'seconds' | 'bytes';
  /** What several values with the same labels make together; default their sum. */
  readonly together?: 'least';
}

/** In the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** What took how long. */
export interface Histogram {
  /** Upper bounds, inclusive; ascending. */
  readonly bounds: readonly number[];
  /** Of each bucket alone, one more than bounds: the last is above all. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By bucket: one of it whose trace is known. */
  readonly exemplars?: readonly (Exemplar | undefined)[];
}

/** One that stands for those of its bucket. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** A value of a metric, with the labels that tell it from its others. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number | Histogram;
}

/** A metric and its values. */
export interface Family {
  readonly metric: Metric;
  readonly samples: readonly Sample[];
}

/** Metrics that are being collected. Values with the same labels become one: a format knows each series once. */
export class Metrics {
  private readonly collected = new Map<Metric, Map<string, Sample>>();
  /** Of labels that several metrics of a handler have. */
  private readonly keys = new Map<Labels, string>();

  add(metric: Metric, labels: Labels, value: number | Histogram): void {
    let samples = this.collected.get(metric);
    if (samples === undefined) this.collected.set(metric, (samples = new Map<string, Sample>()));
    const key = this.keyOf(labels);
    const other = samples.get(key);
    samples.set(key, { labels, value: other === undefined ? value : together(metric, other.value, value) });
  }

  private keyOf(labels: Labels): string {
    let key = this.keys.get(labels);
    if (key === undefined) this.keys.set(labels, (key = JSON.stringify(Object.values(labels))));
    return key;
  }

  get families(): Family[] {
    return [...this.collected].map(([metric, samples]) => ({ metric, samples: [...samples.values()] }));
  }
}

function together(metric: Metric, a: number | Histogram, b: number | Histogram): number | Histogram {
  if (typeof a === 'number' || typeof b === 'number')
    return metric.together === 'least' ? Math.min(Number(a), Number(b)) : Number(a) + Number(b);
  return {
    bounds: a.bounds,
    counts: a.counts.map((count, bucket) => count + (b.counts[bucket] ?? 0)),
    sum: a.sum + b.sum,
    exemplars: a.counts.map((_, bucket) => a.exemplars?.[bucket] ?? b.exemplars?.[bucket]),
  };
}
