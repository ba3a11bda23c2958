import { diffStreams, ensureStreams, type StreamDifference } from '@natsmith/jetstream';
import { Argument, Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure } from '../exit';
import { declaredStreams } from '../jetstream/declared-streams';
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
  fixed: 'cannot be changed in place',
};

export function streams(): Command {
  const command = new Command('streams')
    .description(
      'Compares the streams that a program declares with those of the server, field by field, or makes them so.\n' +
        'The program is loaded, and not started. Streams are never deleted.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['diff', 'ensure']))
    .argument('[entry]', 'the TypeScript or JavaScript file; default: src/main.ts, src/index.ts')
    .option('--prune', 'with ensure: also lower limits and remove subjects, which may delete messages')
    .option('--json', 'print the differences as an array; with ensure, what has become of each stream')
    .addHelpText(
      'after',
      `\nThe exit code of diff is 1 where something differs.${examples('natsmith streams diff src/events.ts', 'natsmith streams ensure src/events.ts --prune')}`,
    )
    .action(async (action: 'diff' | 'ensure', entry: string | undefined, flags: Flags) => {
      const declared = await declaredStreams(entry);
      await withClient(flags, ({ connection }) =>
        jetStreamFailures(async () => {
          if (action === 'diff') showDifferences(await diffStreams(connection, declared), flags.json);
          else showReports(await ensureStreams(connection, declared, { prune: flags.prune }), flags.json);
        }),
      );
    });
  return withConnectionFlags(command);
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
    for (const { field, found, wanted, kind } of left)
      note(`stream "${stream}": ${field} is ${found}, declared is ${wanted}: ${WHAT[kind]}`);
  }
}

function differencesTable(differences: readonly StreamDifference[]): string {
  return table(
    ['stream', 'field', 'declared', 'on the server', ''],
    differences.map(({ stream, field, wanted, found, kind }) => [stream, field, wanted, found, WHAT[kind]]),
  );
}
