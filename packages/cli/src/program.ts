/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it is called, and no other */
import { Command } from 'commander';

const { version } = require('../package.json') as { version: string };

interface Entry {
  readonly summary: string;
  readonly load: () => Command;
}

/** All commands, in the order of the help. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  dev: {
    summary: 'run a TypeScript service, and restart it when a file changes',
    load: () => (require('./commands/dev') as typeof import('./commands/dev')).dev(),
  },
  ls: {
    summary: 'list the services that run',
    load: () => (require('./commands/ls') as typeof import('./commands/ls')).ls(),
  },
  info: {
    summary: 'show what services offer: endpoints, subjects, payloads',
    load: () => (require('./commands/info') as typeof import('./commands/info')).info(),
  },
  stats: {
    summary: 'show what services have done: requests, errors, times',
    load: () => (require('./commands/stats') as typeof import('./commands/stats')).stats(),
  },
  ping: {
    summary: 'show each instance, and how long it takes to answer',
    load: () => (require('./commands/ping') as typeof import('./commands/ping')).ping(),
  },
  call: {
    summary: 'call an endpoint',
    load: () => (require('./commands/call') as typeof import('./commands/call')).call(),
  },
  gather: {
    summary: 'ask all instances of an endpoint that has no queue group',
    load: () => (require('./commands/gather') as typeof import('./commands/gather')).gather(),
  },
  check: {
    summary: 'check that a service of any language keeps the services protocol',
    load: () => (require('./commands/check') as typeof import('./commands/check')).check(),
  },
  broker: {
    summary: 'run a NATS server for development in this process',
    load: () => (require('./commands/broker') as typeof import('./commands/broker')).broker(),
  },
  completion: {
    summary: 'print the completion script for bash, zsh or fish',
    load: () => (require('./commands/completion') as typeof import('./commands/completion')).completion(),
  },
};

const HIDDEN: Readonly<Record<string, () => Command>> = {
  'completion-server': () =>
    (require('./commands/completion-server') as typeof import('./commands/completion-server')).completionServer(),
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The definition of one command, or undefined. */
export function loadCommand(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.load() : undefined;
}

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
  const hidden = wanted === undefined || !Object.hasOwn(HIDDEN, wanted) ? undefined : HIDDEN[wanted];
  if (hidden !== undefined) top.addCommand(hidden(), { hidden: true });
  for (const command of [top, ...top.commands]) command.exitOverride();
  return top;
}
