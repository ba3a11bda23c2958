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
  /** Requests under way at the same time, where CPU and throughput are measured. */
  readonly inFlight: readonly number[];
}

// Whoever else uses the machine makes requests wait for milliseconds, at times: short slices share that out.
const LATENCY_SLICE = 50;

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
      const latencies = await latenciesOf(contenders, pace.slice);
      const loads: Awaited<ReturnType<Contender['slice']>>[][] = [];
      for (const inFlight of pace.inFlight)
        loads.push(await inRandomOrder(contenders, (contender) => contender.slice(inFlight, pace.slice)));
      tell(`${suite.title}: round ${round + 1} of ${pace.rounds}`);
      // The first round warms up.
      if (round < 0) continue;
      for (const [index, { cpu, microseconds, throughput, p50, p99 }] of samples.entries()) {
        const ratioOf = (q: number): number => quantile(latencies[index] ?? [], q) / quantile(latencies[0] ?? [], q);
        p50.push(ratioOf(0.5));
        p99.push(ratioOf(0.99));
        for (const slices of loads) {
          const [base, slice] = [slices[0], slices[index]];
          if (base === undefined || slice === undefined) throw new Error('a suite without entries');
          cpu.push(slice.cpuPerRequest / base.cpuPerRequest);
          microseconds.push(slice.cpuPerRequest);
          throughput.push(slice.requests / slice.seconds / (base.requests / base.seconds));
        }
      }
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

/** Latencies of each with one request in flight, in microseconds. */
async function latenciesOf(contenders: readonly Contender[], milliseconds: number): Promise<number[][]> {
  const latencies = contenders.map((): number[] => []);
  for (let spent = 0; spent < milliseconds; spent += LATENCY_SLICE) {
    const slices = await inRandomOrder(contenders, (contender) => contender.slice(1, LATENCY_SLICE));
    for (const [index, slice] of slices.entries()) latencies[index]?.push(...slice.latencies);
  }
  return latencies;
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
