import { ScheduleBook, type ScheduleStatus } from '@natsmith/jetstream';
import { nameProblem } from '@natsmith/protocol';
import { Argument, Command } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure, wrongUse } from '../exit';
import { jetStreamFailures } from '../jetstream/failure';
import { note, print, printJson } from '../output/output';
import { table } from '../output/table';

interface Flags extends ConnectionFlags {
  json?: boolean;
}

export function schedules(): Command {
  const command = new Command('schedules')
    .description(
      'Lists the schedules of services; runs one now, or ends one that no class names any more.\n' +
        'run asks for a run: one instance takes it, as it takes a tick.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['ls', 'run', 'rm']).default('ls'))
    .argument('[service]', 'the service; with ls all, where none is named')
    .argument('[name]', 'of the schedule: of its method, if it has no other')
    .option('--json', 'print { service, name, pattern, timeZone?, since, lastTick?, waiting, running } of each')
    .addHelpText(
      'after',
      examples(
        'natsmith schedules',
        'natsmith schedules run reporter nightly',
        'natsmith schedules rm reporter weekly',
      ),
    )
    .action(
      async (action: 'ls' | 'run' | 'rm', service: string | undefined, name: string | undefined, flags: Flags) => {
        for (const given of [service, name])
          if (given !== undefined && nameProblem(given) !== undefined) throw wrongUse(`the name ${nameProblem(given)}`);
        await withClient(flags, ({ connection }) =>
          jetStreamFailures(async () => {
            const book = new ScheduleBook(connection);
            if (action === 'ls') return list(book, service, name, flags);
            if (service === undefined || name === undefined)
              throw wrongUse(`name the service and the schedule: natsmith schedules ${action} <service> <name>`);
            if (action === 'run') await run(book, service, name, flags);
            else await remove(book, service, name, flags);
          }),
        );
      },
    );
  return withConnectionFlags(command);
}

async function list(
  book: ScheduleBook,
  service: string | undefined,
  name: string | undefined,
  { json = false }: Flags,
): Promise<void> {
  const found = (await book.list(service)).filter((one) => (name ?? one.name) === one.name);
  const all = await book.status(found);
  if (json) return printJson(all.map(forPrograms));
  if (all.length === 0) return print('there are no schedules');
  const right = (head: string) => ({ head, align: 'right' as const });
  print(
    table(
      ['service', 'schedule', 'pattern', 'time zone', 'since', 'last tick', right('waiting'), right('running')],
      all.map((one) => [
        one.service,
        one.name,
        one.pattern,
        one.timeZone ?? 'UTC',
        one.since.toISOString(),
        one.lastTick?.toISOString() ?? '',
        one.waiting,
        one.running,
      ]),
    ),
  );
}

async function run(book: ScheduleBook, service: string, name: string, { json = false }: Flags): Promise<void> {
  await book.run(service, name);
  if (json) printJson({ service, name });
  else print(`${service} is asked for a run of ${name}`);
}

async function remove(book: ScheduleBook, service: string, name: string, { json = false }: Flags): Promise<void> {
  if (!(await book.remove(service, name)))
    throw new Failure(
      ExitCode.refused,
      `service "${service}" has no schedule "${name}"; "natsmith schedules ls" shows those that there are`,
    );
  if (json) printJson({ service, name });
  else print(`schedule ${name} of ${service} has ended`);
  note('an instance of a class that still names it puts it again when it starts');
}

function forPrograms({ service, name, pattern, timeZone, since, lastTick, waiting, running }: ScheduleStatus): object {
  return { service, name, pattern, timeZone, since, lastTick, waiting, running };
}
