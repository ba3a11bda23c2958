import { DeadLetterBox, type DeadLetter } from '@natsmith/jetstream';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { withClient } from '../connection/connect';
import { withConnectionFlags, type ConnectionFlags } from '../connection/flags';
import { examples } from '../example';
import { ExitCode, Failure, wrongUse } from '../exit';
import { jetStreamFailures } from '../jetstream/failure';
import { note, pass, print, printJson } from '../output/output';
import { printBody, valueOf } from '../call/reply';
import { table } from '../output/table';

interface Flags extends ConnectionFlags {
  stream?: string;
  consumer?: string;
  all?: boolean;
  limit: number;
  raw?: boolean;
  json?: boolean;
}

type Action = 'ls' | 'show' | 'replay' | 'rm';

const DEFAULT_LIMIT = 100;

export function dead(): Command {
  const command = new Command('dead')
    .description(
      'Looks after the dead letters of consumers: messages that they have given up.\n' +
        'replay sends a message again, to the consumer that buried it alone, and removes its letter.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['ls', 'show', 'replay', 'rm']).default('ls'))
    .argument('[ids...]', 'of letters, as ls shows them')
    .option('--stream <name>', 'with ls and --all: only messages of this stream')
    .option('--consumer <durable>', 'with ls and --all: only those that this consumer has buried')
    .option('--all', 'with replay and rm: all of them')
    .option('--limit <number>', 'with ls: how many are shown', parseCount, DEFAULT_LIMIT)
    .option('--raw', 'with show: the body alone, as it is')
    .option('--json', 'print JSON; bodies as values, or base64 where they are not JSON')
    .addHelpText(
      'after',
      examples('natsmith dead ls', 'natsmith dead show 1', 'natsmith dead replay --all --stream ORDERS'),
    )
    .action((action: Action, given: string[], flags: Flags) => {
      const ids = given.map(parseId);
      if (action !== 'ls' && ids.length === 0 && !(flags.all && action !== 'show'))
        throw wrongUse(
          `name the ids of letters, as "natsmith dead ls" shows them${action === 'show' ? '' : ', or --all'}`,
        );
      if (flags.all && ids.length > 0) throw wrongUse('give ids or --all, not both');
      return withClient(flags, ({ connection }) =>
        jetStreamFailures(() => ACTIONS[action](new DeadLetterBox(connection), ids, flags)),
      );
    });
  return withConnectionFlags(command);
}

const ACTIONS: Readonly<Record<Action, (box: DeadLetterBox, ids: readonly number[], flags: Flags) => Promise<void>>> = {
  ls: list,
  show,
  replay: (box, ids, flags) => each(box, ids, flags, 'sent again', async (letter) => void (await box.replay(letter))),
  rm: (box, ids, flags) => each(box, ids, flags, 'removed', async (letter) => void (await box.remove(letter.id))),
};

async function list(box: DeadLetterBox, _: readonly number[], { stream, consumer, limit, json }: Flags): Promise<void> {
  const letters: DeadLetter[] = [];
  for await (const letter of box.list({ stream, consumer, limit: limit + 1 })) letters.push(letter);
  const shown = letters.slice(0, limit);
  if (json) return printJson(shown.map(forPrograms));
  if (shown.length === 0) return print('there are no dead letters');
  print(
    table(
      [
        { head: 'id', align: 'right' },
        'buried',
        'stream',
        'consumer',
        'subject',
        { head: 'attempts', align: 'right' },
        'error',
      ],
      shown.map(({ id, time, stream, consumer, subject, attempts, code, description }) => [
        id,
        time.toISOString(),
        stream,
        consumer,
        subject,
        attempts,
        `${code} ${description}`,
      ]),
    ),
  );
  if (letters.length > limit) note(`there are more than ${limit}; --limit shows more of them`);
}

async function show(box: DeadLetterBox, ids: readonly number[], { json, raw }: Flags): Promise<void> {
  const letters: DeadLetter[] = [];
  for (const id of ids) letters.push(await found(box, id));
  if (json) return printJson(letters.map(forPrograms));
  for (const letter of letters) {
    if (raw) {
      pass(letter.body);
      continue;
    }
    const { id, stream, sequence, consumer, subject, attempts, code, description, data, time, headers, bodyLost } =
      letter;
    print(`letter ${id}, buried ${time.toISOString()}`);
    print(`${subject}, message ${sequence} of stream ${stream}`);
    print(`${consumer} failed, the last time at delivery ${attempts}: ${code} ${description}`);
    if (data !== undefined) print(`data: ${data}`);
    for (const [name, values] of Object.entries(headers)) for (const value of values) print(`${name}: ${value}`);
    print();
    if (bodyLost === undefined) printBody(letter.body);
    else note(`the body of ${bodyLost} bytes was too large to be kept`);
  }
}

/** Does something with the letters that are meant, and goes on where one fails. */
async function each(
  box: DeadLetterBox,
  ids: readonly number[],
  { all, stream, consumer, json }: Flags,
  what: string,
  work: (letter: DeadLetter) => Promise<void>,
): Promise<void> {
  const done: number[] = [];
  const failed: { id: number; error: string }[] = [];
  const one = async (letter: DeadLetter): Promise<void> => {
    try {
      await work(letter);
      done.push(letter.id);
    } catch (error) {
      failed.push({ id: letter.id, error: (error as Error).message });
    }
  };
  if (all) for await (const letter of box.list({ stream, consumer })) await one(letter);
  else for (const id of ids) await one(await found(box, id));
  if (json) printJson({ done, failed });
  else {
    print(`${done.length} dead ${done.length === 1 ? 'letter' : 'letters'} ${what}`);
    for (const { id, error } of failed) note(`letter ${id}: ${error}`);
  }
  if (failed.length > 0) throw new Failure(ExitCode.refused);
}

async function found(box: DeadLetterBox, id: number): Promise<DeadLetter> {
  const letter = await box.get(id);
  if (letter === undefined)
    throw new Failure(ExitCode.refused, `there is no dead letter ${id}; "natsmith dead ls" shows them`);
  return letter;
}

function forPrograms({ body, ...letter }: DeadLetter): object {
  return { ...letter, body: valueOf(body) ?? null };
}

function parseId(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw wrongUse(`"${text}" is not the id of a dead letter; "natsmith dead ls" shows them`);
  return Number(text);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number from 1 to 999999.');
}
