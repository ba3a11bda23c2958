import { ServiceProcess } from '../service-process';
import { Jobs } from './jobs';
import type { Program } from './program';

const WORKERS = 3;
const PUBLISHERS = 64;
const PATIENCE = 60_000;

/** Workers are stopped by SIGTERM and replaced, one after the other, under load: each job is handled, and once. */
export const consumeRestart: Program = async (server, { requests = 100_000, tell }) => {
  const jobs = await Jobs.open(server.url);
  const start = (): Promise<ServiceProcess> => ServiceProcess.start('worker', 'worker', server.port, jobs.notes);
  const workers = await Promise.all(Array.from({ length: WORKERS }, start));
  try {
    const started = performance.now();
    let restarts = 0;
    const isOver = (): boolean => jobs.stored.length >= requests && restarts >= WORKERS;
    const publishers = Array.from({ length: PUBLISHERS }, async () => {
      while (!isOver()) await jobs.publish();
    });
    const codes: (number | null)[] = [];
    while (!isOver()) {
      const place = restarts % WORKERS;
      codes.push((await workers[place]?.end('SIGTERM')) ?? null);
      workers[place] = await start();
      restarts++;
      tell(`consume-restart: ${restarts} restarts, ${jobs.stored.length} jobs stored`);
    }
    await Promise.all(publishers);
    const missing = await jobs.missing(PATIENCE);
    const twice = [...jobs.handled()].filter(([, times]) => times > 1);
    const misses: string[] = [];
    if (missing.length > 0) misses.push(`${missing.length} jobs are lost, such as ${missing[0]}`);
    if (twice.length > 0) misses.push(`${twice.length} jobs were handled more than once, such as ${twice[0]?.[0]}`);
    if (codes.some((code) => code !== 0)) misses.push(`workers ended with ${codes.join(', ')} instead of 0`);
    return {
      figures: {
        jobs: jobs.stored.length,
        lost: missing.length,
        'handled more than once': twice.length,
        restarts,
        seconds: Math.round((performance.now() - started) / 1000),
      },
      misses,
    };
  } finally {
    for (const worker of workers) await worker.end('SIGKILL');
    await jobs.connection.close();
  }
};
