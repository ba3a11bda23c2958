import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '@natsmith/testing';
import { LAME_DUCK, underLoad } from './cluster-rounds';
import type { Program } from './program';

const SERVERS = 3;

/**
 * Each server of a cluster shuts down in lame duck mode in its turn, under the load of natsmith clients on all servers and
 * of stock clients, which do not move, on the others: no request is lost.
 */
export const lameDuck: Program = async (_server, { requests = 100_000, tell }) => {
  const cluster = await startCluster(SERVERS, { config: LAME_DUCK });
  // All of them on the first server: it is the moment at which there is nobody else.
  const tally = await underLoad(cluster, {
    name: 'lame duck',
    tell,
    requests,
    instancesOn: [0, 0, 0],
    stockOnOthers: true,
    async harm(server) {
      server.lameDuck();
      while (server.pid !== undefined) await delay(50);
      await delay(500);
    },
    restore: (server) => server.restart(),
  });
  const misses = tally.lost > 0 ? [`${tally.lost} of ${tally.sent} requests are lost`] : [];
  return { figures: tally.figures(), misses: [...misses, ...tally.misses] };
};
