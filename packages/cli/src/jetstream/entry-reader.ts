// Runs in a process of its own: loads a program as `natsmith dev` does, and reports what it declares.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  declaredServices,
  describeServices,
  NatsServiceFactory,
  type Class,
  type ServiceDescription,
} from '@natsmith/core';
import { declaredBuckets, declaredStreams } from '@natsmith/jetstream';
import { isEsModule } from '../dev/project';
import type { Declared } from './declarations';

const [, , entry = ''] = process.argv;
let hasReported = false;

// What the program begins is not to end this process before it has reported.
process.on('unhandledRejection', () => undefined);

startNothing();
load().then(report, (error: unknown) => {
  // Uncaught, so that it is shown as where the program is run.
  setImmediate(() => {
    throw error;
  });
});

async function load(): Promise<void> {
  if (isEsModule(entry)) await import(pathToFileURL(entry).href);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- whatever the user names
  else require(entry);
}

/** A module that awaits its services at its top gets no further; all that it imports is loaded then. */
function startNothing(): void {
  const create = (): Promise<never> => {
    // Not before the turn ends: other modules may be loaded in it.
    setImmediate(report);
    return new Promise(() => undefined);
  };
  Object.assign(factoryOfProgram() ?? NatsServiceFactory, { create });
}

/** Its copy of natsmith is not always that of this command. */
function factoryOfProgram(): object | undefined {
  try {
    return (createRequire(entry)('@natsmith/core') as { NatsServiceFactory?: object }).NatsServiceFactory;
  } catch {
    return undefined;
  }
}

function report(): void {
  if (hasReported) return;
  hasReported = true;
  const services = declaredServices().map(described);
  const declared: Declared = {
    streams: declaredStreams().map(({ name, subjects, options }) => ({
      name,
      subjects,
      options: { ...options, events: undefined, subjects: undefined },
    })),
    buckets: declaredBuckets().map(({ name, options }) => ({ name, options: { ...options, keys: undefined } })),
    services: services.flatMap((one) => (typeof one === 'string' ? [] : one)),
    mistakes: services.filter((one) => typeof one === 'string'),
  };
  // Whatever it has begun, such as a connection, goes no further.
  process.send?.(declared, undefined, undefined, () => process.exit(0));
}

/** What its handlers need on the server; of a class that makes no service, what is wrong with it. */
function described(target: Class): ServiceDescription[] | string {
  try {
    return describeServices(target).map((service) => ({
      ...service,
      // The schemas of a large program are more than what travels between two processes.
      handlers: service.handlers.map(({ request: _request, response: _response, ...handler }) => handler),
      publishes: [],
    }));
  } catch (error) {
    return `${target.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
