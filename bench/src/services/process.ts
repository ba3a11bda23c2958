import type { Usage } from '../service-process';

export const subject = process.env.BENCH_SUBJECT ?? 'bench.add';
export const url = process.env.NATS_URL ?? 'nats://127.0.0.1:4222';
/** Which of its ways a service is to work in. */
export const variant = process.argv[2] ?? 'plain';

/** Tells the bench that requests may come, and answers its questions from then on. */
export function ready(figures: { bootstrap?: number } = {}): void {
  process.on('message', () => process.send?.(usage()));
  // Neither keeps the bench a service alive that has stopped, nor does a service outlive the bench.
  process.channel?.unref();
  process.on('disconnect', () => process.exit());
  process.send?.(figures);
}

function usage(): Usage {
  // Twice: what the first collection finalizes, the second one frees.
  global.gc?.();
  global.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    cpu: user + system,
    memory: rss,
    heap: heapUsed,
    handles: resources.filter((resource) => /Wrap$/.test(resource)).length,
    timers: resources.filter((resource) => resource === 'Timeout').length,
  };
}

/** What a handler does that waits for I/O: it goes on in a turn of the event loop of its own. */
export function io(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface Two {
  a: number;
  b: number;
}
