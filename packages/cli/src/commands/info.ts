import type { Discovered, EndpointInfo, InfoResponse } from '@natsmith/client';
import { Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { inOrder, nobody } from '../discover';
import { examples } from '../example';
import { harmless, shortened } from '../output/harmless';
import { paint, print, printJson } from '../output/output';
import { shapeOf } from '../output/schema-shape';
import { table } from '../output/table';

/** Characters of a description, and of metadata. */
const MAX_LINE = 1_000;
/** Metadata that has a column of its own. */
const SHOWN = ['request_schema', 'response_schema', 'method', 'subject_template'];

export function info(): Command {
  const command = new Command('info')
    .description('Shows what services offer: endpoints, their subjects, and what they take and give.')
    .argument('[service]', 'only this service')
    .argument('[id]', 'only this instance')
    .option('--json', 'print an array of INFO replies (ADR-32), each with "rtt" in milliseconds')
    .addHelpText('after', examples('natsmith info calculator', 'natsmith info calculator --json'))
    .action((name: string | undefined, id: string | undefined, flags: ConnectionFlags & { json?: boolean }) =>
      withClient(flags, async (client) => {
        const infos = await inOrder(client.info(name, id));
        if (flags.json) printJson(infos);
        if (infos.length === 0) throw await nobody(client, name, id);
        if (!flags.json) print(infos.map(show).join('\n\n'));
      }),
    );
  return withConnectionFlags(command);
}

/** One instance: who it is, then its endpoints. */
function show({ name, version, id, description, metadata, endpoints }: Discovered<InfoResponse>): string {
  const title = `${paint.bold(harmless(name))} ${harmless(version)}  ${paint.dim(harmless(id))}`;
  const rows = endpoints.map((endpoint) => [
    endpoint.name,
    endpoint.metadata.subject_template ?? endpoint.subject,
    endpoint.queue_group || 'none',
    shapeOf(endpoint.metadata.request_schema),
    shapeOf(endpoint.metadata.response_schema),
    remarks(endpoint),
  ]);
  const heads = ['endpoint', 'subject', 'queue group', 'takes', 'gives', 'metadata'];
  // Columns that would be empty are left out.
  const used = heads.flatMap((_, i) => (i < 3 || rows.some((row) => row[i] !== '') ? [i] : []));
  const drawn = table(
    used.map((i) => heads[i] ?? ''),
    rows.map((row) => used.map((i) => row[i] ?? '')),
  );
  const about = [description, pairs(metadata)].map((text) => shortened(harmless(text), MAX_LINE));
  return [title, ...about, '', drawn].filter((line, i) => i === 3 || line !== '').join('\n');
}

function remarks({ metadata }: EndpointInfo): string {
  return pairs(Object.fromEntries(Object.entries(metadata).filter(([key]) => !SHOWN.includes(key))));
}

function pairs(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
