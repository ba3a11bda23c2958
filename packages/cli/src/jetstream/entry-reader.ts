// Runs in a process of its own: loads a program as `natsmith dev` does, and tells which streams it declares.
import type { DeclaredStream } from './declared-streams';

const [, , entry = ''] = process.argv;

// What the program begins is not to end this process before it has told.
process.on('unhandledRejection', () => undefined);

// eslint-disable-next-line @typescript-eslint/no-require-imports -- whatever the user names
require(entry);
const registry = globalThis as { [key: symbol]: Iterable<DeclaredStream> | undefined };
const streams = [...(registry[Symbol.for('natsmith.streams')] ?? [])].map(({ name, subjects, options }) => ({
  name,
  subjects,
  options: { ...options, events: undefined, subjects: undefined },
}));
// Whatever it has begun, such as a connection, goes no further.
process.send?.(streams, undefined, undefined, () => process.exit(0));
