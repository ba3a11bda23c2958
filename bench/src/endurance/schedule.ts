import { setTimeout as delay } from 'node:timers/promises';
import { ServiceProcess } from '../service-process';
import { Notes } from './notes';
import type { Program } from './program';

const INSTANCES = 3;
const TICKS = 100;
const SECOND = 1_000;

/** A schedule ticks each second while its instances are stopped by SIGTERM and replaced: each tick runs once. */
export const schedule: Program = async (server, { tell }) => {
  const notes = new Notes();
  const start = (): Promise<ServiceProcess> => ServiceProcess.start('scheduled', 'plain', server.port, notes.path);
  const instances = await Promise.all(Array.from({ length: INSTANCES }, start));
  let restarts = 0;
  const codes: (number | null)[] = [];
  try {
    while (secondsOf(notes).length < TICKS) {
      await delay(SECOND + SECOND * Math.random());
      const place = restarts % INSTANCES;
      codes.push((await instances[place]?.end('SIGTERM')) ?? null);
      instances[place] = await start();
      restarts++;
      tell(`schedule: ${restarts} restarts, ${secondsOf(notes).length} of ${TICKS} ticks`);
    }
    const seconds = secondsOf(notes);
    const first = Math.min(...seconds);
    const last = Math.max(...seconds);
    const ticks = new Set(seconds);
    const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
      (second) => !ticks.has(second),
    );
    const twice = seconds.length - ticks.size;
    const misses: string[] = [];
    if (missing.length > 0) misses.push(`${missing.length} ticks did not run`);
    if (twice > 0) misses.push(`${twice} ticks ran more than once`);
    if (overlaps(notes) > 0) misses.push(`${overlaps(notes)} runs began before the one before had ended`);
    if (codes.some((code) => code !== 0)) misses.push(`instances ended with ${codes.join(', ')} instead of 0`);
    return {
      figures: {
        ticks: last - first + 1,
        'ran once': ticks.size - twice,
        'ran more than once': twice,
        'did not run': missing.length,
        restarts,
      },
      misses,
    };
  } finally {
    for (const instance of instances) await instance.end('SIGKILL');
  }
};

/** The seconds of the ticks whose runs have begun. */
function secondsOf(notes: Notes): number[] {
  return notes
    .lines()
    .filter((line) => line.startsWith('begun'))
    .map((line) => Math.floor(Number(line.split(' ')[1]) / SECOND));
}

function overlaps(notes: Notes): number {
  let running = 0;
  return notes.lines().filter((line) => (line.startsWith('begun') ? running++ > 0 : running-- < 0)).length;
}
