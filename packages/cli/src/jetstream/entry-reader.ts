// Runs in a process of its own: loads a program as `natsmith dev` does, and reports the streams that it declares.
import { declaredServices, describeServices, type Class } from '@natsmith/core';
import { declaredBuckets, declaredStreams } from '@natsmith/jetstream';
import type { ServiceSchedules, Told } from './declarations';

const [, , entry = ''] = process.argv;

// What the program begins is not to end this process before it has reported.
process.on('unhandledRejection', () => undefined);

// eslint-disable-next-line @typescript-eslint/no-require-imports -- whatever the user names
require(entry);
const told: Told = {
  streams: declaredStreams().map(({ name, subjects, options }) => ({
    name,
    subjects,
    options: { ...options, events: undefined, subjects: undefined },
  })),
  buckets: declaredBuckets().map(({ name, options }) => ({ name, options: { ...options, keys: undefined } })),
  services: declaredServices().flatMap(schedulesOf),
};
// Whatever it has begun, such as a connection, goes no further.
process.send?.(told, undefined, undefined, () => process.exit(0));

/** Nothing of a class that makes no service: that it is wrong is reported where it starts. */
function schedulesOf(target: Class): ServiceSchedules[] {
  try {
    return describeServices(target).map(({ name, handlers }) => ({
      service: name,
      schedules: handlers.filter(({ kind }) => kind === 'schedule').map((handler) => handler.name),
    }));
  } catch {
    return [];
  }
}
