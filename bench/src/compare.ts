import { Contender } from './contender';
import { median, medianInterval, quantile } from './statistics';
import type { Suite } from './suites';

/** One line of a suite's table; ratios are to the suite's first entry, in the same round. */
export interface Result {
  readonly name: string;
  /** Service CPU per request: median of the ratios, and its 95 % interval. */
  readonly cpu: number;
  readonly interval: readonly [number, number];
  /** Microseconds of service CPU per request, at the speed that the machine had. */
  readonly microseconds: number;
  /** Requests per second, as a ratio. */
  readonly throughput: number;
  /** Latency with one request in flight, as a ratio. */
  readonly p50: number;
  readonly p99: number;
  /** Megabytes of resident memory after the run. */
  readonly memory: number;
}

export interface Pace {
  readonly rounds: number;
  /** Milliseconds. */
  readonly slice: number;
  readonly inFlight: readonly number[];
}

interface Samples {
  readonly cpu: number[];
  readonly microseconds: number[];
  readonly throughput: number[];
  readonly p50: number[];
  readonly p99: number[];
}

/**
 * Runs a suite. All services are up at once, and the load moves between them in short slices in random order; each
 * slice is compared with the first entry's of the same round, because a machine's speed changes within minutes.
 */
export async function compare(suite: Suite, pace: Pace, port: number, tell: (line: string) => void): Promise<Result[]> {
  const contenders: Contender[] = [];
  try {
    for (const [index, { name, service, variant, exchange }] of suite.entries.entries())
      contenders.push(
        await Contender.start(name, service, variant, port, exchange(`bench.s${String(index).padStart(2, '0')}`)),
      );
    const samples = contenders.map((): Samples => ({ cpu: [], microseconds: [], throughput: [], p50: [], p99: [] }));
    for (let round = -1; round < pace.rounds; round++) {
      for (const inFlight of pace.inFlight) {
        const slices = await inRandomOrder(contenders, (contender) => contender.slice(inFlight, pace.slice));
        // The first round warms up.
        if (round < 0) continue;
        const [base] = slices;
        if (base === undefined) throw new Error('a suite without entries');
        const baseP = [quantile(base.latencies, 0.5), quantile(base.latencies, 0.99)] as const;
        for (const [index, slice] of slices.entries()) {
          const into = samples[index];
          if (into === undefined) continue;
          if (inFlight === 1) {
            into.p50.push(quantile(slice.latencies, 0.5) / baseP[0]);
            into.p99.push(quantile(slice.latencies, 0.99) / baseP[1]);
          } else {
            into.cpu.push(slice.cpuPerRequest / base.cpuPerRequest);
            into.microseconds.push(slice.cpuPerRequest);
            into.throughput.push(slice.requests / slice.seconds / (base.requests / base.seconds));
          }
        }
      }
      tell(`${suite.title}: round ${round + 1} of ${pace.rounds}`);
    }
    return await Promise.all(
      contenders.map(async (contender, index) => {
        const { cpu, microseconds, throughput, p50, p99 } = samples[index] as Samples;
        return {
          name: contender.name,
          cpu: median(cpu),
          interval: medianInterval(cpu),
          microseconds: median(microseconds),
          throughput: median(throughput),
          p50: median(p50),
          p99: median(p99),
          memory: (await contender.usage()).memory / 2 ** 20,
        };
      }),
    );
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** Milliseconds from the start of a process to its first reply: medians of starts in random order. */
export async function startUps(suite: Suite, rounds: number, port: number): Promise<Map<string, number>> {
  // A subject for each start: the server may not know yet that the one before is gone.
  let started = 0;
  const times = new Map<string, number[]>(suite.entries.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    await inRandomOrder(suite.entries, async ({ name, service, variant, exchange }) => {
      const contender = await Contender.start(name, service, variant, port, exchange(`bench.start${++started}`));
      times.get(name)?.push(contender.startUp);
      await contender.stop();
    });
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** Does something with each item, one after the other in random order; gives the results in the items' order. */
async function inRandomOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const order = items.map((_, index) => index).sort(() => Math.random() - 0.5);
  const results: R[] = [];
  for (const index of order) results[index] = await work(items[index] as T);
  return results;
}
