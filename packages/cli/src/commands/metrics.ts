import type { ServiceClient } from '@natsmith/client';
import { observeFleet, type FleetStats } from '@natsmith/observe';
import { Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { wrongUse } from '../exit';
import { untilInterrupted } from '../interrupted';
import { print, printJsonLine } from '../output/output';
import { parseWholeNumber } from '../whole-number';

interface Flags extends ConnectionFlags {
  port: number;
  hostname: string;
  json?: boolean;
}

/** Instances that are asked for their numbers. */
const MAX_INSTANCES = 1_000;

export function metrics(): Command {
  const command = new Command('metrics')
    .description(
      'Serves the numbers of all services that answer STATS, of any language, as OpenMetrics: for Prometheus to scrape, until Ctrl-C.',
    )
    .option('-p, --port <number>', 'port to listen on; 0 for a free one', parseWholeNumber, 9465)
    .option('--hostname <address>', 'address to listen on; 0.0.0.0 for all of the machine', '127.0.0.1')
    .option('--json', 'print { url, port } on one line when it is ready')
    .addHelpText('after', examples('natsmith metrics', 'natsmith metrics --port 0 --json'))
    .action((flags: Flags) => withClient(flags, (client) => serve(client, flags)));
  return withConnectionFlags(command);
}

async function serve(client: ServiceClient, { port, hostname, json }: Flags): Promise<void> {
  const interrupted = untilInterrupted();
  const isConnected = (): boolean => client.status === 'connected';
  const observer = await observeFleet(() => gather(client), isConnected, { port, hostname }).catch((cause: Error) => {
    throw wrongUse(cause.message, cause);
  });
  if (json) printJsonLine({ url: observer.url, port: observer.port });
  else print(`${observer.url}/metrics\nCtrl-C ends it.`);
  await interrupted;
  await observer.close();
}

/** Without a connection nobody answers; that is what the numbers say then, and no error. */
async function gather(client: ServiceClient): Promise<FleetStats> {
  if (client.status !== 'connected') return { isConnected: false, replies: [], unusable: 0 };
  const replies = await client.stats(undefined, undefined, { max: MAX_INSTANCES });
  return { isConnected: true, replies, unusable: replies.problems.length };
}
