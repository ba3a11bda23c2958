import type { ChildProcess } from 'node:child_process';
import type { Assignment, Outcome } from './callers/process';
import { startChild, workOff } from './child';
import { median, medianInterval } from './statistics';

/** A caller in a process of its own, and the service, in another, that it calls. */
export interface Pair {
  readonly name: string;
  readonly caller: string;
  readonly service: string;
  readonly variant: string;
}

export interface CallerSuite {
  readonly title: string;
  readonly inFlight: number;
  /** Whether the server needs JetStream. */
  readonly jetstream?: true;
  readonly pairs: readonly Pair[];
}

export const callerSuites: Record<string, CallerSuite> = {
  call: {
    title: 'A typed call, against nc.request with JSON by hand (CPU of the caller)',
    inFlight: 64,
    pairs: [
      { name: 'nc.request by hand', caller: 'call-by-hand', service: 'natsmith', variant: 'plain' },
      { name: 'the same, second copy', caller: 'call-by-hand', service: 'natsmith', variant: 'plain' },
      { name: 'natsmith client', caller: 'call-natsmith', service: 'natsmith', variant: 'plain' },
    ],
  },
  stream: {
    title: 'A stream of 100,000 items, one consumer, against a publish loop by hand (CPU of the consumer)',
    inFlight: 1,
    pairs: [
      { name: 'publish loop by hand', caller: 'stream-by-hand', service: 'by-hand-2', variant: 'stream' },
      { name: 'natsmith', caller: 'stream-natsmith', service: 'natsmith', variant: 'stream' },
    ],
  },
  // The service does nothing here.
  publish: {
    title: 'Publishing to a stream with acknowledgement, against js.publish (CPU of the publisher)',
    inFlight: 256,
    jetstream: true,
    pairs: [
      { name: 'js.publish', caller: 'publish-by-hand', service: 'by-hand-2', variant: 'plain' },
      { name: 'natsmith', caller: 'publish-natsmith', service: 'by-hand-2', variant: 'plain' },
    ],
  },
};

export interface CallerResult {
  readonly name: string;
  /** Caller CPU for each unit, as a ratio to the first pair's in the same round, and its 95 % interval. */
  readonly cpu: number;
  readonly interval: readonly [number, number];
  /** Units in a second, as a ratio, and as they were. */
  readonly rate: number;
  readonly perSecond: number;
}

/** Runs pairs of callers and services one after the other, round by round, in random order. */
export async function compareCallers(
  { pairs, inFlight }: CallerSuite,
  { rounds, slice }: { rounds: number; slice: number },
  port: number,
): Promise<CallerResult[]> {
  const processes: ChildProcess[] = [];
  const start = async (file: string, variant: string): Promise<ChildProcess> => {
    const { child } = await startChild(file, variant, port, 'bench.call');
    processes.push(child);
    return child;
  };
  try {
    const samples = pairs.map(() => ({ cpu: [] as number[], rate: [] as number[], perSecond: [] as number[] }));
    for (let round = -1; round < rounds; round++) {
      const outcomes: Outcome[] = [];
      for (const index of pairs.map((_, i) => i).sort(() => Math.random() - 0.5)) {
        const pair = pairs[index] as Pair;
        // One service at a time: all are called "bench", and discovery is to find the right one.
        const service = await start(`services/${pair.service}`, pair.variant);
        const caller = await start(`callers/${pair.caller}`, pair.variant);
        // Processes are new in each round, so the first half only warms them up.
        const assignment: Assignment = { inFlight, slice: 2 * slice };
        await workOff(caller, assignment);
        outcomes[index] = await workOff(caller, assignment);
        caller.kill('SIGKILL');
        service.kill('SIGKILL');
      }
      const [base] = outcomes;
      if (round < 0 || base === undefined) continue;
      for (const [index, { cpu, done, seconds }] of outcomes.entries()) {
        samples[index]?.cpu.push(cpu / done / (base.cpu / base.done));
        samples[index]?.rate.push(done / seconds / (base.done / base.seconds));
        samples[index]?.perSecond.push(done / seconds);
      }
    }
    return pairs.map(({ name }, index) => {
      const { cpu = [], rate = [], perSecond = [] } = samples[index] ?? {};
      return {
        name,
        cpu: median(cpu),
        interval: medianInterval(cpu),
        rate: median(rate),
        perSecond: median(perSecond),
      };
    });
  } finally {
    for (const child of processes) child.kill('SIGKILL');
  }
}
