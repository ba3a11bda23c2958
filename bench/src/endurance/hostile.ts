import { connect } from 'nats';
import { ServiceProcess, type Usage } from '../service-process';
import { Attack } from './attack';
import type { Program } from './program';
import { Random } from './random';
import { growth, growthMiss, megabytes } from './trend';

const SAMPLES = 60;
/** Below that, the heap has not settled yet. */
const ENOUGH = 200_000;

/** Random and crafted bodies and headers: no crash, no lost connection, every request answered, heap flat. */
export const hostile: Program = async (server, { requests = 1_000_000, seed, tell }) => {
  const service = await ServiceProcess.start('endurance', 'plain', server.port, '', ['--expose-gc']);
  const connection = await connect({ servers: server.url });
  const ask = async (subject: string): Promise<unknown> =>
    (await connection.request(subject, '{"a":17,"b":25}', { timeout: 5000 })).json();
  const attack = await Attack.open(server.port, new Random(seed));
  try {
    const before = { client: await ask('client'), ping: await ask('$SRV.PING') };
    const usages: Usage[] = [];
    const started = performance.now();
    for (let i = 1; i <= SAMPLES; i++) {
      await attack.send(Math.round(requests / SAMPLES));
      usages.push(await service.usage());
      tell(`hostile: ${attack.sent} requests, heap ${megabytes(usages.at(-1)?.heap)} MB`);
    }
    await attack.drain();
    const seconds = (performance.now() - started) / 1000;
    usages.push(await service.usage());

    const misses: string[] = [];
    if (!service.isRunning) misses.push('the service has ended');
    const after = { client: await ask('client'), ping: await ask('$SRV.PING') };
    if (JSON.stringify(after) !== JSON.stringify(before)) misses.push('the service is on another connection');
    if ((await ask('plain')) !== 42) misses.push('a good request gets a wrong reply');
    const heap = usages.map((usage) => usage.heap);
    if (requests >= ENOUGH) misses.push(...growthMiss('heap', heap, 1.05));
    return {
      figures: {
        requests: attack.sent,
        seconds: Math.round(seconds),
        'without a reply to wait for': attack.unanswerable,
        ...Object.fromEntries([...attack.codes].sort().map(([code, count]) => [`replies: ${code}`, count])),
        'heap at a third, two thirds, the end, MB': [SAMPLES / 3, (SAMPLES * 2) / 3, SAMPLES]
          .map((i) => megabytes(heap[i]))
          .join(', '),
        'heap, last third to the second': growth(heap).toFixed(3),
        'handles and timers at the end': `${usages.at(-1)?.handles}, ${usages.at(-1)?.timers}`,
        'memory at the end, MB': megabytes(usages.at(-1)?.memory),
      },
      misses,
    };
  } finally {
    attack.close();
    await connection.close();
    await service.end('SIGKILL');
  }
};
