/* eslint-disable no-console -- the tables are what this program is for */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startServer } from '@natsmith/testing';
import { compare, startUps, type Pace, type Result } from './compare';
import { callerSuites, compareCallers, type CallerResult } from './compare-callers';
import { suites } from './suites';

const SUITES = [...Object.keys(suites), ...Object.keys(callerSuites), 'startup'];

const USAGE = `node bench/dist/run.js [--suite plain,validated,…] [--rounds 30] [--smoke] [--json FILE]
suites: ${SUITES.join(', ')}; default all
--smoke: one short round of each, to see that everything works`;

const { values: args } = parseArgs({
  options: {
    suite: { type: 'string', default: SUITES.join(',') },
    rounds: { type: 'string', default: '30' },
    smoke: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (args.help) return console.log(USAGE);
  const pace: Pace = args.smoke
    ? { rounds: 1, slice: 50, inFlight: [64] }
    : { rounds: Number(args.rounds), slice: 600, inFlight: [64, 256] };
  const server = await startServer('nats-server');
  const report: Record<string, unknown> = {};
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    for (const name of args.suite.split(',')) {
      if (name === 'startup') {
        report[name] = await startUpTable(args.smoke ? 1 : 11, server.port);
        continue;
      }
      const callerSuite = callerSuites[name];
      if (callerSuite !== undefined) {
        const results = await compareCallers(callerSuite, pace, server.port);
        report[name] = results;
        console.log(`\n### ${callerSuite.title}\n\n${callerTable(results)}`);
        continue;
      }
      const suite = suites[name];
      if (suite === undefined) throw new Error(`no suite "${name}"\n${USAGE}`);
      const results = await compare(suite, pace, server.port, tell);
      report[name] = results;
      console.log(`\n### ${suite.title}\n\n${table(results)}`);
    }
  } finally {
    await server.stop();
  }
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(report, null, 2)}\n`);
}

function table(results: readonly Result[]): string {
  const rows = results.map(({ name, cpu, interval, microseconds, throughput, p50, p99, memory }) =>
    [
      name,
      `**${two(cpu)}** (${interval.map(two).join(' to ')})`,
      two(microseconds),
      two(throughput),
      two(p50),
      two(p99),
      memory.toFixed(0),
    ].join(' | '),
  );
  return [
    '| service | CPU per request | µs | throughput | p50 at 1 | p99 at 1 | memory, MB |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function callerTable(results: readonly CallerResult[]): string {
  return [
    '| caller | CPU | rate | per second |\n|---|---|---|---|',
    ...results.map(
      ({ name, cpu, interval, rate, perSecond }) =>
        `| ${name} | **${two(cpu)}** (${interval.map(two).join(' to ')}) | ${two(rate)} | ${perSecond.toFixed(0)} |`,
    ),
  ].join('\n');
}

async function startUpTable(rounds: number, port: number): Promise<Record<string, number>> {
  const entries = ['plain', 'validated', 'endpoints'].flatMap((suite) => suites[suite]?.entries ?? []);
  const distinct = [...new Map(entries.map((entry) => [entry.name, entry])).values()];
  const times = await startUps({ title: 'start-up', entries: distinct }, rounds, port);
  const plain = times.get('by hand, nats 2') ?? NaN;
  const validated = times.get('by hand, class-validator') ?? NaN;
  const rows = [...times].map(
    ([name, ms]) => `| ${name} | ${ms.toFixed(0)} | ${two(ms / plain)} | ${two(ms / validated)} |`,
  );
  console.log(
    [
      '\n### Start of the process to its first reply\n',
      '| service | ms | over by hand | over by hand with class-validator |\n|---|---|---|---|',
      ...rows,
    ].join('\n'),
  );
  return Object.fromEntries(times);
}

function two(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(2);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
