import { once } from 'node:events';

/** Resolves at Ctrl-C, or when the process is told to end; from this call on, neither ends it at once. */
export async function untilInterrupted(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
