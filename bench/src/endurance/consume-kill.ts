import { setTimeout as delay } from 'node:timers/promises';
import { ServiceProcess } from '../service-process';
import { Jobs } from './jobs';
import type { Program } from './program';

const KILLS = 20;
const WORKERS = 2;
const PUBLISHERS = 16;
/** Longer than `ackWait`: what the server delivered just before it was killed comes again only then. */
const PATIENCE = 60_000;

/** A server with file storage is killed under load: every job that it acknowledged is handled. */
export const consumeKill: Program = async (server, { tell }) => {
  const jobs = await Jobs.open(server.url);
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, () => ServiceProcess.start('worker', 'worker', server.port, jobs.notes)),
  );
  let isOver = false;
  const publishers = Array.from({ length: PUBLISHERS }, async () => {
    while (!isOver) await jobs.publish();
  });
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      await delay(300 + 700 * Math.random());
      await server.kill();
      await delay(200 * Math.random());
      await server.restart();
      tell(`consume-kill: ${kill} of ${KILLS}, ${jobs.stored.length} jobs stored, ${jobs.handled().size} handled`);
    }
    await delay(1000);
    isOver = true;
    await Promise.all(publishers);
    const started = performance.now();
    const missing = await jobs.missing(PATIENCE);
    const misses = missing.length > 0 ? [`${missing.length} jobs are not handled, such as ${missing[0]}`] : [];
    if (workers.some((worker) => !worker.isRunning)) misses.push('a worker has ended');
    const handled = jobs.handled();
    return {
      figures: {
        'servers killed': KILLS,
        'jobs acknowledged by the server': jobs.stored.length,
        'jobs lost': missing.length,
        'jobs handled more than once': [...handled.values()].filter((times) => times > 1).length,
        'ms until the last one was handled': Math.round(performance.now() - started),
      },
      misses,
    };
  } finally {
    isOver = true;
    await Promise.all(publishers);
    for (const worker of workers) await worker.end('SIGKILL');
    await jobs.connection.close();
  }
};
