import type { ServiceClient } from '@natsmith/client';
import { describeInfo, type ServiceDescription } from '@natsmith/core';
import {
  diffServices,
  diffStreams,
  ensureServices,
  ensureStreams,
  type StreamDifference,
  type StreamReport,
} from '@natsmith/jetstream';
import { Argument, Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { declarationsOf, type Declarations } from '../jetstream/declarations';
import { jetStreamFailures } from '../jetstream/failure';
import { note, print, printJson } from '../output/output';
import { table } from '../output/table';

interface Flags extends ConnectionFlags {
  prune?: boolean;
  json?: boolean;
}

/** What "ensure" does about a difference, by its kind. */
const WHAT: Readonly<Record<StreamDifference['kind'], string>> = {
  create: 'created by ensure',
  update: 'updated by ensure',
  add: 'allowed by ensure',
  shrink: 'left; ensure --prune shrinks it',
  fixed: 'cannot be changed in place: copy the stream to another name, or change the contract',
};

/** What "ensure" does about a difference. */
function actionFor({ field, kind, consumer }: StreamDifference): string {
  if (kind === 'shrink' && field === 'schedule') return 'left; ensure --prune ends it';
  if (consumer === undefined) return WHAT[kind];
  if (kind === 'shrink') return 'left; ensure --prune removes it';
  return kind === 'fixed' ? 'cannot be changed in place: delete it, or choose another durable' : WHAT[kind];
}

export function streams(): Command {
  const command = new Command('streams')
    .description(
      'Compares the streams, buckets, consumers and schedules that a program needs with those of the server, field by field, ' +
        'or makes them so.\nThe program is loaded, and not started. Streams are never deleted.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['diff', 'ensure']).default('diff'))
    .argument('[entry]', 'the TypeScript or JavaScript file; default: src/main.ts, src/index.ts')
    .option(
      '--prune',
      'with ensure: also lower limits and remove subjects, which may delete messages, and remove consumers and schedules ' +
        'that natsmith made for the services of the program and that no class names',
    )
    .option(
      '--json',
      'print the differences as an array; with ensure, what has become of each stream, consumer and schedule',
    )
    .addHelpText(
      'after',
      `\nThe exit code of diff is 0 where everything is as declared, and 1 where something differs.${examples('natsmith streams diff src/events.ts', 'natsmith streams ensure src/events.ts --prune')}`,
    )
    .action(async (action: 'diff' | 'ensure', entry: string | undefined, flags: Flags) => {
      const declared = await declarationsOf(entry);
      // What they name is unknown, so that nothing can be said to be named by none.
      if (declared.mistakes.length > 0)
        throw new Failure(ExitCode.refused, `classes make no service:\n- ${declared.mistakes.join('\n- ')}`);
      await withClient(flags, (client) =>
        jetStreamFailures(async () => {
          if (action === 'diff') showDifferences(await differences(client, declared), flags.json);
          else showReports(await ensure(client, declared, flags.prune), flags.json);
        }),
      );
    });
  return withConnectionFlags(command);
}

async function differences(client: ServiceClient, { contracts, services }: Declarations): Promise<StreamDifference[]> {
  const { connection } = client;
  const running = await runningServices(client, services);
  return [...(await diffStreams(connection, contracts)), ...(await diffServices(connection, services, { running }))];
}

async function ensure(
  client: ServiceClient,
  { contracts, services }: Declarations,
  prune = false,
): Promise<StreamReport[]> {
  const { connection } = client;
  const running = await runningServices(client, services);
  // Before anything is changed: where it cannot be read, there is no report.
  await diffServices(connection, services, { running });
  const reports = await ensureStreams(connection, contracts, { prune });
  return [...reports, ...(await ensureServices(connection, services, { running, prune }))];
}

/** Of other programs and versions, too: what they consume from is theirs. */
async function runningServices(
  client: ServiceClient,
  services: readonly ServiceDescription[],
): Promise<ServiceDescription[]> {
  if (services.length === 0) return [];
  try {
    return (await client.info()).map(describeInfo);
  } catch (error) {
    note(`not asked which services run: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function showDifferences(differences: readonly StreamDifference[], asJson = false): void {
  if (asJson) printJson(differences);
  else if (differences.length === 0) print('everything is as it is declared');
  else print(differencesTable(differences));
  if (differences.length > 0) throw new Failure(ExitCode.refused);
}

function showReports(reports: readonly StreamReport[], asJson = false): void {
  if (asJson) return printJson(reports);
  for (const { stream, consumer, schedule, outcome, changed, left } of reports) {
    const fields = changed.filter(({ kind }) => kind !== 'create' && outcome !== 'removed').map(({ field }) => field);
    const part = consumer === undefined ? schedule && ` schedule ${schedule}` : ` consumer ${consumer}`;
    print(`${stream}${part ?? ''} ${outcome}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}`);
    for (const one of left)
      note(`stream "${stream}": ${fieldOf(one)} is ${one.found}, declared is ${one.wanted}: ${actionFor(one)}`);
  }
}

function differencesTable(differences: readonly StreamDifference[]): string {
  return table(
    ['stream', 'field', 'declared', 'on the server', ''],
    differences.map((one) => [one.stream, fieldOf(one), one.wanted, one.found, actionFor(one)]),
  );
}

function fieldOf({ consumer, field }: StreamDifference): string {
  if (consumer === undefined) return field;
  return field === 'consumer' ? `consumer ${consumer}` : `consumer ${consumer} ${field}`;
}
