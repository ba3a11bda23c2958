import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';

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
  const exit = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`${basename(file)} ended with ${String(code)}`)),
  );
  exit.catch(() => undefined);
  const [greeting] = (await Promise.race([once(child, 'message'), exit])) as [unknown];
  return { child, greeting };
}
