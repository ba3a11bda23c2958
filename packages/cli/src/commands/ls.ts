import type { Discovered, InfoResponse } from '@natsmith/client';
import { Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { inOrder, nobody } from '../discover';
import { examples } from '../example';
import { print, printJson } from '../output/output';
import { table } from '../output/table';

/** What `ls --json` prints for each version of each service. */
interface Listed {
  name: string;
  version: string;
  description: string;
  /** Names, each once. */
  endpoints: string[];
  /** Ids. */
  instances: string[];
}

export function ls(): Command {
  const command = new Command('ls')
    .description('Lists the services that run, each version of each name once.')
    .option('--json', 'print an array of { name, version, description, endpoints, instances }')
    .addHelpText('after', examples('natsmith ls', 'natsmith ls --json'))
    .action((flags: ConnectionFlags & { json?: boolean }) =>
      withClient(flags, async (client) => {
        const listed = list(await inOrder(client.info()));
        if (flags.json) printJson(listed);
        if (listed.length === 0) throw await nobody(client);
        if (!flags.json) show(listed);
      }),
    );
  return withConnectionFlags(command);
}

function list(infos: readonly Discovered<InfoResponse>[]): Listed[] {
  const listed = new Map<string, Listed>();
  for (const { name, version, description, id, endpoints } of infos) {
    const key = `${name} ${version}`;
    const entry = listed.get(key) ?? { name, version, description, endpoints: [], instances: [] };
    entry.endpoints = [...new Set([...entry.endpoints, ...endpoints.map((endpoint) => endpoint.name)])];
    entry.instances.push(id);
    listed.set(key, entry);
  }
  return [...listed.values()].sort((a, b) => `${a.name} ${a.version}`.localeCompare(`${b.name} ${b.version}`));
}

function show(listed: readonly Listed[]): void {
  print(
    table(
      ['service', 'version', { head: 'instances', align: 'right' }, 'endpoints', 'description'],
      listed.map(({ name, version, description, endpoints, instances }) => [
        name,
        version,
        instances.length,
        endpoints.join(' '),
        description,
      ]),
    ),
  );
}
