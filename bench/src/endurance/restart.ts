import { connect } from 'nats';
import { ServiceProcess } from '../service-process';
import type { Program } from './program';

const INSTANCES = 3;
const CALLERS = 32;
const SUBJECTS = ['plain', 'validated', 'wait'];

/** Instances are stopped by SIGTERM and replaced, one after the other, under the load of a stock client: none fails. */
export const restart: Program = async (server, { requests = 100_000, tell }) => {
  const start = (): Promise<ServiceProcess> => ServiceProcess.start('endurance', 'plain', server.port, '');
  const instances = await Promise.all(Array.from({ length: INSTANCES }, start));
  const connection = await connect({ servers: server.url });
  try {
    const failures: string[] = [];
    let sent = 0;
    let restarts = 0;
    const isOver = (): boolean => sent >= requests && restarts >= INSTANCES;
    const call = async (): Promise<void> => {
      const subject = SUBJECTS[sent++ % SUBJECTS.length] as string;
      try {
        const { data } = await connection.request(subject, '{"a":17,"b":25}', { timeout: 5000 });
        if (Buffer.from(data).toString() !== '42') failures.push(`${subject} replied ${Buffer.from(data).toString()}`);
      } catch (error) {
        failures.push(`${subject}: ${String(error)}`);
      }
    };
    const started = performance.now();
    const callers = Array.from({ length: CALLERS }, async () => {
      while (!isOver()) await call();
    });
    const codes: (number | null)[] = [];
    const stops: number[] = [];
    while (!isOver()) {
      const place = restarts % INSTANCES;
      const stopped = performance.now();
      codes.push((await instances[place]?.end('SIGTERM')) ?? null);
      stops.push(performance.now() - stopped);
      instances[place] = await start();
      restarts++;
      tell(`restart: ${restarts} restarts, ${sent} requests, ${failures.length} failed`);
    }
    await Promise.all(callers);
    const misses = failures.slice(0, 5);
    if (codes.some((code) => code !== 0)) misses.push(`instances ended with ${codes.join(', ')} instead of 0`);
    return {
      figures: {
        requests: sent,
        failed: failures.length,
        restarts,
        'longest stop, ms': Math.round(Math.max(...stops)),
        seconds: Math.round((performance.now() - started) / 1000),
      },
      misses,
    };
  } finally {
    await connection.close();
    for (const instance of instances) await instance.end('SIGKILL');
  }
};
