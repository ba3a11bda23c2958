import { setTimeout as delay } from 'node:timers/promises';
import type { StatsResponse } from '@natsmith/core';
import { connect, type NatsConnection } from 'nats';
import { ServiceProcess } from '../service-process';
import { median } from '../statistics';
import type { Program } from './program';

const KILLS = 20;
const CALLERS = 32;
const TWO = '{"a":17,"b":25}';
/** Milliseconds from the end of the server to a service that answers again. */
const AIM = 2000;

/** The server is killed and started again under load: each time the service is back soon, with its id and its stats. */
export const reconnect: Program = async (server, { tell }) => {
  const service = await ServiceProcess.start('endurance', 'plain', server.port, '');
  const load = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  let isOver = false;
  let replies = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isOver)
      try {
        await load.request('plain', TWO, { timeout: 500 });
        replies++;
      } catch {
        await delay(20);
      }
  });
  try {
    const times: number[] = [];
    const misses: string[] = [];
    let before = await statsOf(load);
    const first = before;
    for (let kill = 1; kill <= KILLS; kill++) {
      await delay(200 + 300 * Math.random());
      const killed = performance.now();
      await server.kill();
      await server.restart();
      const probe = await connect({ servers: server.url });
      await untilAnswered(probe);
      times.push(performance.now() - killed);
      const after = await statsOf(probe);
      await probe.close();
      if (after.id !== before.id) misses.push(`restart ${kill}: the service has another id`);
      if (after.started !== before.started || requestsOf(after) < requestsOf(before))
        misses.push(`restart ${kill}: the service has lost its stats`);
      before = after;
      tell(`reconnect: ${kill} of ${KILLS}, ${times.at(-1)?.toFixed(0)} ms`);
    }
    if (!service.isRunning) misses.push('the service has ended');
    const longest = Math.max(...times);
    if (longest > AIM) misses.push(`back after ${longest.toFixed(0)} ms, over ${AIM}`);
    return {
      figures: {
        'servers killed': KILLS,
        'ms from the kill to a reply, median': Math.round(median(times)),
        'the longest': Math.round(longest),
        'requests answered': replies,
        'requests counted by the service': requestsOf(before) - requestsOf(first),
      },
      misses,
    };
  } finally {
    isOver = true;
    await Promise.all(callers);
    await load.close();
    await service.end('SIGKILL');
  }
};

async function untilAnswered(connection: NatsConnection): Promise<void> {
  for (;;)
    try {
      const { data } = await connection.request('plain', TWO, { timeout: 100 });
      if (Buffer.from(data).toString() === '42') return;
      throw new Error(`wrong reply ${Buffer.from(data).toString()}`);
    } catch {
      await delay(5);
    }
}

async function statsOf(connection: NatsConnection): Promise<StatsResponse> {
  return (await connection.request('$SRV.STATS.endurance', '', { timeout: 2000 })).json<StatsResponse>();
}

function requestsOf({ endpoints }: StatsResponse): number {
  return endpoints.find(({ name }) => name === 'plain')?.num_requests ?? 0;
}
