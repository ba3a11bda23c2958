/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed */
import { Command } from 'commander';
import { COMMANDS } from './command-table';
import { complain, print } from './output/output';
import type * as CompletionServer from './commands/completion-server';

const { version } = require('../package.json') as { version: string };

/** What the completion scripts call. */
const COMPLETION_SERVER = 'completion-server';

/** The whole command, of which only the part that is called has been loaded. */
export function program(args: readonly string[]): Command {
  const called = args.find((arg) => !arg.startsWith('-'));
  // `natsmith help call` is about call.
  const wanted = called === 'help' ? args[args.indexOf(called) + 1] : called;
  const top = new Command('natsmith')
    .description('Runs, finds, calls and checks NATS services of any language.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    .addHelpText('after', '\nEach command has its own help, with examples: natsmith call --help');
  for (const [name, { summary, load }] of Object.entries(COMMANDS))
    top.addCommand((name === wanted ? load() : new Command(name)).summary(summary));
  if (wanted === COMPLETION_SERVER) {
    const { completionServer } = require('./commands/completion-server') as typeof CompletionServer;
    top.addCommand(completionServer(), { hidden: true });
  }
  for (const command of [top, ...top.commands])
    command.exitOverride().configureOutput({ writeOut: (text) => print(text.replace(/\n$/, '')), writeErr: complain });
  return top;
}
