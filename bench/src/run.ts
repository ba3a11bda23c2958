/* eslint-disable no-console -- the tables are what this program is for */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startServer } from '@natsmith/testing';
import { compare, startUps, type Pace } from './compare';
import { callerSuites, compareCallers } from './compare-callers';
import { compareConsumers, consumerSuites } from './compare-consumers';
import { measureDiscovery } from './discovery';
import { needsJetStream, programs } from './endurance/programs';
import { suites, type Suite } from './suites';
import { callerTable, consumerTable, discoveryTable, figureTable, serviceTable, startUpTable } from './tables';

const SUITES = [
  ...Object.keys(suites),
  ...Object.keys(callerSuites),
  ...Object.keys(consumerSuites),
  'discovery',
  'startup',
];

const USAGE = `node bench/dist/run.js [--suite plain,validated,…] [--rounds 30] [--smoke] [--json FILE]
suites: ${SUITES.join(', ')}; default all
endurance, where asked for by name: ${Object.keys(programs).join(', ')}; ends with code 1 where one misses its aim
--smoke: one short round of each, to see that everything works
--minutes 10: of the soak
--requests N: at least so many, of hostile (1,000,000), restart, lame-duck, consume-restart (100,000) and kill-servers (30,000)
--seed 1: of hostile
NATS_SERVER_OLD: the nats-server that upgrade-servers begins with`;

const { values: args } = parseArgs({
  options: {
    suite: { type: 'string', default: SUITES.join(',') },
    rounds: { type: 'string', default: '30' },
    smoke: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    requests: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const rounds = args.smoke ? 1 : Number(args.rounds);
const pace: Pace = args.smoke ? { rounds, slice: 50, inFlight: [64] } : { rounds, slice: 600, inFlight: [64, 256] };
const portion = args.smoke ? { warmUp: 1_000, measured: 1_000 } : { warmUp: 200_000, measured: 100_000 };

async function main(): Promise<void> {
  if (args.help) return console.log(USAGE);
  const report: Record<string, unknown> = {};
  for (const name of args.suite.split(',')) report[name] = await run(name);
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** Runs a suite or a program, on a server of its own; prints its table, and gives its figures. */
async function run(name: string): Promise<unknown> {
  const [suite, callerSuite, program] = [suites[name], callerSuites[name], programs[name]];
  const consumerSuite = consumerSuites[name];
  const server = await startServer('nats-server', {
    jetstream: consumerSuite !== undefined || callerSuite?.jetstream === true || needsJetStream(name),
  });
  try {
    if (suite !== undefined) {
      const results = await compare(suite, pace, server.port, tell);
      print(suite.title, serviceTable(results));
      return results;
    }
    if (callerSuite !== undefined) {
      const results = await compareCallers(callerSuite, pace, server.port);
      print(callerSuite.title, callerTable(results));
      return results;
    }
    if (consumerSuite !== undefined) {
      const results = await compareConsumers(consumerSuite, rounds, portion, server.port);
      print(consumerSuite.title, consumerTable(results));
      return results;
    }
    if (name === 'discovery') {
      const results = await measureDiscovery(Math.min(rounds, 5), server.port);
      print('Discovery', discoveryTable(results));
      return results;
    }
    if (name === 'startup') {
      const times = await startUps(startUpSuite(), Math.min(rounds, 11), server.port);
      print('Start of the process to its first reply', startUpTable(times));
      return Object.fromEntries(times);
    }
    if (program !== undefined) {
      const { figures, misses } = await program(server, {
        minutes: Number(args.minutes),
        requests: args.requests === undefined ? undefined : Number(args.requests),
        seed: Number(args.seed),
        tell,
      });
      print(name, figureTable(figures));
      for (const miss of misses) console.log(`\nmissed: ${miss}`);
      if (misses.length > 0) process.exitCode = 1;
      return { figures, misses };
    }
    throw new Error(`no suite "${name}"\n${USAGE}`);
  } finally {
    await server.stop();
  }
}

function startUpSuite(): Suite {
  const entries = ['plain', 'validated', 'endpoints'].flatMap((name) => suites[name]?.entries ?? []);
  return { title: 'start-up', entries: [...new Map(entries.map((entry) => [entry.name, entry])).values()] };
}

function print(title: string, table: string): void {
  console.log(`\n### ${title}\n\n${table}`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
