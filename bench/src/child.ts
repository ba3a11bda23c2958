import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import type { Assignment, Outcome } from './callers/process';

/** A process of the bench's own, and what it said when it was ready. */
export interface Started {
  readonly child: ChildProcess;
  readonly greeting: unknown;
}

/** Starts a file of this folder, such as `services/nest`; resolves with its first message. */
export async function startChild(
  file: string,
  variant: string,
  port: number,
  subject: string,
  execArgv: string[] = [],
): Promise<Started> {
  const child = fork(join(__dirname, `${file}.js`), [variant], {
    env: { ...process.env, NATS_URL: `nats://127.0.0.1:${port}`, BENCH_SUBJECT: subject, NODE_ENV: 'production' },
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return { child, greeting: await nextMessage(child) };
}

/** Gives a caller's process something to do; resolves when it is done. */
export function workOff(child: ChildProcess, assignment: Assignment): Promise<Outcome> {
  child.send(assignment);
  return nextMessage(child) as Promise<Outcome>;
}

/** Rejects when the process ends instead. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${basename(child.spawnargs[1] ?? '')} ended with ${String(code)}`);
  });
  try {
    return ((await Promise.race([once(child, 'message', { signal }), exit])) as unknown[])[0];
  } finally {
    exit.catch(() => undefined);
    over.abort();
  }
}
