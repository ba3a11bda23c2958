import { setTimeout as delay } from 'node:timers/promises';
import type { Discovered, ServiceClient, StatsResponse } from '@natsmith/client';
import { Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { inOrder, nobody } from '../discover';
import { parseDuration, showNanoseconds } from '../duration';
import { examples } from '../example';
import { print, printJson, printJsonLine, redraw } from '../output/output';
import { table } from '../output/table';

interface Flags extends ConnectionFlags {
  json?: boolean;
  watch?: boolean;
  /** Milliseconds. */
  interval: number;
}

type Stats = readonly Discovered<StatsResponse>[];

export function stats(): Command {
  const command = new Command('stats')
    .description('Shows what services have done: requests, errors and times of each endpoint of each instance.')
    .argument('[service]', 'only this service')
    .argument('[id]', 'only this instance')
    .option('-w, --watch', 'show them again and again, with requests per second, until Ctrl-C')
    .option('--interval <duration>', 'how often --watch looks', parseDuration, 1_000)
    .option(
      '--json',
      'print an array of STATS replies (ADR-32), each with "rtt" in milliseconds; one a line with --watch',
    )
    .addHelpText('after', examples('natsmith stats calculator', 'natsmith stats --json'))
    .action((name: string | undefined, id: string | undefined, flags: Flags) =>
      withClient(flags, async (client) => {
        if (flags.watch) return watch(client, name, id, flags);
        const all = await inOrder(client.stats(name, id));
        if (flags.json) printJson(all);
        if (all.length === 0) throw await nobody(client, name, id);
        if (!flags.json) print(draw(all));
      }),
    );
  return withConnectionFlags(command);
}

/** Until SIGINT or SIGTERM. */
async function watch(client: ServiceClient, name: string | undefined, id: string | undefined, flags: Flags) {
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  let before: Stats = [];
  while (!ended.signal.aborted) {
    const all = await inOrder(client.stats(name, id));
    if (flags.json) printJsonLine(all);
    else {
      const drawn = all.length > 0 ? draw(all, before, flags.interval) : 'no service runs';
      if (process.stdout.isTTY) redraw(drawn);
      else print(`${drawn}\n`);
    }
    before = all;
    await delay(flags.interval, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}

function draw(all: Stats, before?: Stats, interval = 0): string {
  const hasManyInstances = new Set(all.map(({ name }) => name)).size < all.length;
  const number = (head: string) => ({ head, align: 'right' as const });
  const heads = ['service', ...(hasManyInstances ? ['instance'] : []), 'endpoint', number('requests')];
  if (before !== undefined) heads.push(number('per s'));
  const rows = [...all]
    .sort((a, b) => `${a.name}${a.id}`.localeCompare(`${b.name}${b.id}`))
    .flatMap((service) =>
      service.endpoints.map((endpoint, i) => {
        const earlier = before?.find(({ id }) => id === service.id)?.endpoints[i];
        const rate = earlier && Math.max(0, (1_000 * (endpoint.num_requests - earlier.num_requests)) / interval);
        return [
          service.name,
          ...(hasManyInstances ? [service.id] : []),
          endpoint.name,
          endpoint.num_requests,
          ...(before !== undefined ? [rate === undefined ? '' : rate.toFixed(0)] : []),
          endpoint.num_errors,
          showNanoseconds(endpoint.average_processing_time),
          endpoint.last_error,
        ];
      }),
    );
  return table([...heads, number('errors'), number('average'), 'last error'], rows);
}
