import { setTimeout as delay } from 'node:timers/promises';
import { startChild, workOff } from '../child';
import { Load } from '../load';
import { ServiceProcess, type Usage } from '../service-process';
import type { Program } from './program';
import { growth, growthMiss, megabytes, peak } from './trend';

const TWO = '{"a":17,"b":25}';

/** What is asked all the time, 60 requests together; streams of both directions are the other four. */
const LOADS = [
  { subject: 'plain', inFlight: 16, expected: '42' },
  { subject: 'validated', inFlight: 16, expected: '42' },
  { subject: 'wait', inFlight: 12, expected: '42' },
  { subject: 'fail', inFlight: 8, expected: '{"a":17}' },
  { subject: 'header', inFlight: 8, expected: '42', headers: 'X-Tenant: acme' },
];
const STREAMS = 4;
const SAMPLES = 120;
/** Milliseconds: more collections than that are a load of their own. */
const SAMPLE_AFTER = 1000;

/** Full load of every kind for minutes: heap, memory and handles are flat. */
export const soak: Program = async (server, { minutes, tell }) => {
  const milliseconds = minutes * 60_000;
  const service = await ServiceProcess.start('endurance', 'plain', server.port, '', ['--expose-gc']);
  const streams = await startChild('callers/endurance-streams', '', server.port, '');
  const loads: Load[] = [];
  try {
    const started = performance.now();
    const isOver = (): boolean => performance.now() - started > milliseconds;
    const before = await service.usage();
    let requests = 0;
    let items = 0;
    const work = LOADS.map(async ({ inFlight, expected, ...exchange }) => {
      const check = (body: string): void => {
        if (body !== expected) throw new Error(`${exchange.subject} replied ${body} instead of ${expected}`);
      };
      const load = await Load.open(server.port, { ...exchange, payload: TWO, check });
      loads.push(load);
      requests += (await load.run(inFlight, milliseconds)).requests;
    });
    work.push(
      workOff(streams.child, { inFlight: STREAMS, slice: milliseconds }).then(({ done }) => void (items = done)),
    );
    let failure: Error | undefined;
    const done = Promise.all(work).catch((error: Error) => (failure = error));

    const usages: Usage[] = [];
    while (!isOver() && failure === undefined) {
      await Promise.race([delay(Math.max(milliseconds / SAMPLES, SAMPLE_AFTER)), done]);
      if (isOver() || failure !== undefined) break;
      usages.push(await service.usage());
      const { heap, memory, handles, timers } = usages.at(-1) as Usage;
      tell(`soak: heap ${megabytes(heap)} MB, memory ${megabytes(memory)} MB, ${handles} handles, ${timers} timers`);
    }
    await done;
    if (failure !== undefined) throw failure;
    const seconds = (performance.now() - started) / 1000;
    const after = await service.usage();

    const of = (what: keyof Usage): number[] => usages.map((usage) => usage[what]);
    const thirds = (what: keyof Usage): string =>
      `${growth(of(what)).toFixed(3)}, at the end ${megabytes(after[what])} MB`;
    return {
      figures: {
        minutes,
        requests,
        'items of streams': items,
        'requests per second': Math.round(requests / seconds),
        'CPU of the service, %': Math.round((after.cpu - before.cpu) / seconds / 10_000),
        'heap, last third to the second': thirds('heap'),
        'memory, last third to the second': thirds('memory'),
        'handles at most, last third to the second': growth(of('handles'), peak).toFixed(3),
        'timers at most, last third to the second': growth(of('timers'), peak).toFixed(3),
      },
      misses: [
        ...growthMiss('heap', of('heap'), 1.05),
        ...growthMiss('memory', of('memory'), 1.1),
        ...growthMiss('handles', of('handles'), 1, peak),
        ...growthMiss('timers', of('timers'), 2, peak),
      ],
    };
  } finally {
    for (const load of loads) load.close();
    streams.child.kill('SIGKILL');
    await service.end('SIGKILL');
  }
};
