/* eslint-disable no-console -- the tables are what this program is for */
import { parseArgs } from 'node:util';
import { startServer } from '@natsmith/testing';
import { figureTable } from '../tables';
import { attacks } from './programs';

const USAGE = `npm run attack [-- [NAME…] [--fast] [--seed 1]]
attacks: ${Object.keys(attacks).join(', ')}; default all
--fast: fewer of each, for a run in a minute or two`;

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fast: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (args.help) return console.log(USAGE);
  const names = positionals.length > 0 ? positionals : Object.keys(attacks);
  const missed: string[] = [];
  for (const name of names) {
    const attack = attacks[name];
    if (attack === undefined) throw new Error(`no attack "${name}"\n${USAGE}`);
    const server = await startServer('nats-server');
    const started = performance.now();
    try {
      const { figures, misses } = await attack(server, {
        minutes: args.fast ? 0.1 : 1,
        requests: args.fast ? 20_000 : undefined,
        seed: Number(args.seed),
        tell: (line) => process.stderr.write(`${line}\n`),
      });
      console.log(`\n### ${name}, ${((performance.now() - started) / 1000).toFixed(0)} s\n\n${figureTable(figures)}`);
      for (const miss of misses) console.log(`\nmissed: ${miss}`);
      if (misses.length > 0) missed.push(name);
    } finally {
      await server.stop();
    }
  }
  console.log(`\n${names.length - missed.length} of ${names.length} attacks did no harm`);
  if (missed.length > 0) process.exitCode = 1;
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
