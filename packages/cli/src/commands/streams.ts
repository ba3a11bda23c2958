import {
  diffStreams,
  ensureStreams,
  ScheduleBook,
  type StreamDifference,
  type StreamReport,
} from '@natsmith/jetstream';
import { Argument, Command } from 'commander';
import type { NatsConnection } from 'nats';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { declarationsOf, type Declarations } from '../jetstream/declarations';
import { jetStreamFailures } from '../jetstream/failure';
import { differenceOf, orphanedSchedules } from '../jetstream/orphaned-schedules';
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
  fixed: 'cannot be changed in place',
};

/** What "ensure" does about a difference. */
function actionFor({ field, kind }: StreamDifference): string {
  return field === 'schedule' ? 'left; ensure --prune ends it' : WHAT[kind];
}

export function streams(): Command {
  const command = new Command('streams')
    .description(
      'Compares the streams and buckets that a program declares with those of the server, field by field, or makes them so.\n' +
        'The program is loaded, and not started. Streams are never deleted.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['diff', 'ensure']).default('diff'))
    .argument('[entry]', 'the TypeScript or JavaScript file; default: src/main.ts, src/index.ts')
    .option(
      '--prune',
      'with ensure: also lower limits and remove subjects, which may delete messages, and end schedules that no class names',
    )
    .option('--json', 'print the differences as an array; with ensure, what has become of each stream')
    .addHelpText(
      'after',
      `\nThe exit code of diff is 1 where something differs.${examples('natsmith streams diff src/events.ts', 'natsmith streams ensure src/events.ts --prune')}`,
    )
    .action(async (action: 'diff' | 'ensure', entry: string | undefined, flags: Flags) => {
      const declared = await declarationsOf(entry);
      await withClient(flags, ({ connection }) =>
        jetStreamFailures(async () => {
          const book = new ScheduleBook(connection);
          if (action === 'diff') showDifferences(await differences(connection, book, declared), flags.json);
          else showReports(await ensure(connection, book, declared, flags.prune), flags.json);
        }),
      );
    });
  return withConnectionFlags(command);
}

async function differences(
  connection: NatsConnection,
  book: ScheduleBook,
  { contracts, services }: Declarations,
): Promise<StreamDifference[]> {
  const orphans = await orphanedSchedules(book, services);
  return [...(await diffStreams(connection, contracts)), ...orphans.map(differenceOf)];
}

async function ensure(
  connection: NatsConnection,
  book: ScheduleBook,
  { contracts, services }: Declarations,
  prune = false,
): Promise<StreamReport[]> {
  // Before anything is changed: where they cannot be read, there is no report.
  const orphans = await orphanedSchedules(book, services);
  const reports = await ensureStreams(connection, contracts, { prune });
  if (orphans.length === 0) return reports;
  const found = orphans.map(differenceOf);
  if (prune) for (const { service, name } of orphans) await book.remove(service, name);
  const report: StreamReport = prune
    ? { stream: 'SCHEDULES', outcome: 'updated', changed: found, left: [] }
    : { stream: 'SCHEDULES', outcome: 'unchanged', changed: [], left: found };
  return [...reports, report];
}

function showDifferences(differences: readonly StreamDifference[], asJson = false): void {
  if (asJson) printJson(differences);
  else if (differences.length === 0) print('the streams are as they are declared');
  else print(differencesTable(differences));
  if (differences.length > 0) throw new Failure(ExitCode.refused);
}

function showReports(reports: Awaited<ReturnType<typeof ensureStreams>>, asJson = false): void {
  if (asJson) return printJson(reports);
  for (const { stream, outcome, changed, left } of reports) {
    const fields = changed.filter(({ kind }) => kind !== 'create').map(({ field }) => field);
    print(`${stream} ${outcome}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}`);
    for (const one of left)
      note(`stream "${stream}": ${one.field} is ${one.found}, declared is ${one.wanted}: ${actionFor(one)}`);
  }
}

function differencesTable(differences: readonly StreamDifference[]): string {
  return table(
    ['stream', 'field', 'declared', 'on the server', ''],
    differences.map((one) => [one.stream, one.field, one.wanted, one.found, actionFor(one)]),
  );
}
