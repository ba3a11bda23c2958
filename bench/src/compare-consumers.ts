import { once } from 'node:events';
import { connect } from 'nats';
import { startChild } from './child';
import type { Consumed, Portion } from './consumers/process';
import { fillStream } from './fill-stream';
import { median, medianInterval } from './statistics';

interface ConsumerEntry {
  readonly name: string;
  readonly consumer: string;
  readonly variant: string;
}

export interface ConsumerSuite {
  readonly title: string;
  readonly entries: readonly ConsumerEntry[];
}

const SUBJECT = 'bench.numbers';

export const consumerSuites: Record<string, ConsumerSuite> = {
  jetstream: {
    title: 'A message of a durable consumer, acknowledged, against a callback by hand (nats 2)',
    entries: [
      { name: 'callback by hand', consumer: 'by-hand', variant: 'callback' },
      { name: 'the same, second copy', consumer: 'by-hand', variant: 'callback' },
      { name: 'for await by hand', consumer: 'by-hand', variant: 'loop' },
      { name: 'natsmith, validated', consumer: 'natsmith', variant: 'plain' },
      { name: 'nestjs-jetstream', consumer: 'nestjs-jetstream', variant: 'plain' },
      { name: 'nestjs-jetstream, validated', consumer: 'nestjs-jetstream', variant: 'validated' },
    ],
  },
  'jetstream-io': {
    title: 'The same with a handler that waits for I/O, against an async callback by hand',
    entries: [
      { name: 'async callback by hand', consumer: 'by-hand', variant: 'callback-io' },
      { name: 'for await by hand, one by one', consumer: 'by-hand', variant: 'loop-io' },
      { name: 'natsmith, validated', consumer: 'natsmith', variant: 'io' },
      { name: 'natsmith, validated, one by one', consumer: 'natsmith', variant: 'io-sequential' },
      { name: 'nestjs-jetstream', consumer: 'nestjs-jetstream', variant: 'io' },
    ],
  },
};

export interface ConsumerResult {
  readonly name: string;
  /** CPU for each message, as a ratio to the first entry's in the same round, and its 95 % interval. */
  readonly cpu: number;
  readonly interval: readonly [number, number];
  readonly microseconds: number;
  readonly perSecond: number;
  readonly writesPerMessage: number;
}

/** Lets consumers read the same stream one after the other, each with a durable and a process of its own, in random order. */
export async function compareConsumers(
  { entries }: ConsumerSuite,
  rounds: number,
  { warmUp, measured }: Portion,
  port: number,
): Promise<ConsumerResult[]> {
  await makeStream(port, warmUp + measured);
  const samples = entries.map(() => ({ cpu: [] as number[], all: [] as Consumed[] }));
  for (let round = 0; round < rounds; round++) {
    const results: Consumed[] = [];
    for (const index of entries.map((_, i) => i).sort(() => Math.random() - 0.5))
      results[index] = await consume(entries[index] as ConsumerEntry, { warmUp, measured }, port);
    const [base] = results;
    for (const [index, result] of results.entries()) {
      samples[index]?.cpu.push(result.cpu / (base as Consumed).cpu);
      samples[index]?.all.push(result);
    }
  }
  return entries.map(({ name }, index) => {
    const { cpu, all } = samples[index] as (typeof samples)[number];
    return {
      name,
      cpu: median(cpu),
      interval: medianInterval(cpu),
      microseconds: median(all.map((one) => one.cpu / one.done)),
      perSecond: median(all.map((one) => one.done / one.seconds)),
      writesPerMessage: median(all.map((one) => one.writes / one.done)),
    };
  });
}

async function consume(entry: ConsumerEntry, portion: Portion, port: number): Promise<Consumed> {
  const { child } = await startChild(`consumers/${entry.consumer}`, entry.variant, port, SUBJECT);
  try {
    child.send(portion);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${entry.name} has ended`);
    });
    ended.catch(() => undefined);
    return ((await Promise.race([once(child, 'message'), ended])) as [Consumed])[0];
  } finally {
    child.kill('SIGKILL');
  }
}

async function makeStream(port: number, messages: number): Promise<void> {
  const connection = await connect({ port });
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: 'BENCH', subjects: [SUBJECT] });
  await fillStream(connection.jetstream(), SUBJECT, messages);
  await connection.close();
}
