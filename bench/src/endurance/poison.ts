import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { headers } from 'nats';
import { ServiceProcess } from '../service-process';
import { Jobs } from './jobs';
import type { Program } from './program';

const POISON = 666;
const DURABLE = 'fragile-work';
/** Starts of the worker, each of which the job may end: its attempts (1) and 20 more, and some to spare. */
const STARTS = 40;

/** A job that kills its process is buried, once; a replay goes to the consumer that buried it, once. */
export const poison: Program = async (server, { tell }) => {
  const jobs = await Jobs.open(server.url);
  const { connection } = jobs;
  const manager = await connection.jetstreamManager();
  const { seq } = await connection.jetstream().publish(`jobs.${POISON}`, JSON.stringify({ n: POISON }));
  const letter = `dead.JOBS.${DURABLE}.${seq}`;
  const letters = async (): Promise<number> => {
    try {
      const { state } = await manager.streams.info('DEAD_LETTERS', { subjects_filter: letter });
      return state.subjects?.[letter] ?? 0;
    } catch {
      return 0; // no worker has been up for long enough to make the stream
    }
  };
  let deaths = 0;
  let worker: ServiceProcess | undefined;
  try {
    for (let starts = 0; starts < STARTS && (await letters()) === 0; starts++) {
      worker = await startUnlessItDies('fragile', server.port, jobs.notes);
      if (worker?.isRunning === true) await Promise.race([once(worker.child, 'exit'), untilTrue(letters)]);
      if (worker?.isRunning !== true) deaths++;
      else await worker.end('SIGKILL');
      tell(`poison: ${deaths} workers have died of it`);
    }
    const buried = await letters();
    worker = await startUnlessItDies('healed', server.port, jobs.notes);
    const before = jobs.noted().length;
    const head = headers();
    head.set('Natsmith-Replay-For', DURABLE);
    const message = await manager.streams.getMessage('DEAD_LETTERS', { last_by_subj: letter });
    await connection.jetstream().publish(`jobs.${POISON}`, message.data, { headers: head });
    await delay(3000);
    const after = jobs.noted().slice(before);
    const misses: string[] = [];
    if (buried !== 1) misses.push(`there are ${buried} dead letters instead of 1`);
    if (after.length !== 1 || after[0] !== `${POISON} 1`)
      misses.push(`the replay was handled as ${JSON.stringify(after)} instead of once, by the consumer that buried it`);
    return {
      figures: { 'workers killed by the job': deaths, 'dead letters': buried, 'runs of the replay': after.length },
      misses,
    };
  } finally {
    await worker?.end('SIGKILL');
    await connection.close();
  }
};

/** The job may kill the worker before it has told that it is there. */
async function startUnlessItDies(variant: string, port: number, notes: string): Promise<ServiceProcess | undefined> {
  try {
    return await ServiceProcess.start('worker', variant, port, notes);
  } catch {
    return undefined;
  }
}

async function untilTrue(count: () => Promise<number>): Promise<void> {
  for (let i = 0; i < 60 && (await count()) === 0; i++) await delay(250);
}
