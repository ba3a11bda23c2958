import type { Usage } from '../contender';

export const subject = process.env.BENCH_SUBJECT ?? 'bench.add';
export const url = process.env.NATS_URL ?? 'nats://127.0.0.1:4222';
/** Which of its ways a service is to work in. */
export const variant = process.argv[2] ?? 'plain';

/** Tells the bench that requests may come, and answers its questions from then on. */
export function ready(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system, memory: process.memoryUsage.rss() } satisfies Usage);
  });
  process.send?.('ready');
}

/** What a handler does that waits for I/O: it goes on in a turn of the event loop of its own. */
export function io(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface Two {
  a: number;
  b: number;
}
