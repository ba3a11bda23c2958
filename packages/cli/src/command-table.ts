/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it is called, and no other */
import type { Command } from 'commander';
import type * as Broker from './commands/broker';
import type * as Call from './commands/call';
import type * as Check from './commands/check';
import type * as Completion from './commands/completion';
import type * as Consumers from './commands/consumers';
import type * as Dead from './commands/dead';
import type * as Dev from './commands/dev';
import type * as Gather from './commands/gather';
import type * as Info from './commands/info';
import type * as Ls from './commands/ls';
import type * as Metrics from './commands/metrics';
import type * as Ping from './commands/ping';
import type * as Schedules from './commands/schedules';
import type * as Stats from './commands/stats';
import type * as Streams from './commands/streams';

/** A command, before it is loaded. */
interface Entry {
  readonly summary: string;
  readonly load: () => Command;
}

/** All commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  dev: {
    summary: 'run a TypeScript service, and restart it when a file changes',
    load: () => (require('./commands/dev') as typeof Dev).dev(),
  },
  ls: {
    summary: 'list the services that run',
    load: () => (require('./commands/ls') as typeof Ls).ls(),
  },
  info: {
    summary: 'show what services offer: endpoints, subjects, payloads',
    load: () => (require('./commands/info') as typeof Info).info(),
  },
  stats: {
    summary: 'show what services have done: requests, errors, times',
    load: () => (require('./commands/stats') as typeof Stats).stats(),
  },
  ping: {
    summary: 'show each instance, and how long it takes to answer',
    load: () => (require('./commands/ping') as typeof Ping).ping(),
  },
  call: {
    summary: 'call an endpoint',
    load: () => (require('./commands/call') as typeof Call).call(),
  },
  gather: {
    summary: 'ask all instances of an endpoint that has no queue group',
    load: () => (require('./commands/gather') as typeof Gather).gather(),
  },
  check: {
    summary: 'check that a service of any language keeps the services protocol',
    load: () => (require('./commands/check') as typeof Check).check(),
  },
  metrics: {
    summary: 'serve the numbers of all services to Prometheus',
    load: () => (require('./commands/metrics') as typeof Metrics).metrics(),
  },
  streams: {
    summary: 'compare the streams that a program declares with the server, or make them so',
    load: () => (require('./commands/streams') as typeof Streams).streams(),
  },
  consumers: {
    summary: 'show the consumers of streams, and what waits for them; pause and resume',
    load: () => (require('./commands/consumers') as typeof Consumers).consumers(),
  },
  dead: {
    summary: 'show, replay and remove dead letters',
    load: () => (require('./commands/dead') as typeof Dead).dead(),
  },
  schedules: {
    summary: 'show the schedules of services, run one now, end one',
    load: () => (require('./commands/schedules') as typeof Schedules).schedules(),
  },
  broker: {
    summary: 'run a NATS server for development in this process',
    load: () => (require('./commands/broker') as typeof Broker).broker(),
  },
  completion: {
    summary: 'print the completion script for bash, zsh or fish',
    load: () => (require('./commands/completion') as typeof Completion).completion(),
  },
};

/** The definition of one command, or undefined. */
export function loadCommand(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.load() : undefined;
}
