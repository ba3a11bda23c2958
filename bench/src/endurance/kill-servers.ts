import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '@natsmith/testing';
import { underLoad } from './cluster-rounds';
import type { Program } from './program';

const SERVERS = 3;
/** Milliseconds from the end of a server to the last request that may be lost by it. */
const AIM = 2_000;

/** Each server of a cluster is killed in its turn: what is on its way there is lost, and nothing after that. */
export const killServers: Program = async (_server, { requests = 30_000, tell }) => {
  const cluster = await startCluster(SERVERS);
  const tally = await underLoad(cluster, {
    name: 'kill',
    tell,
    requests,
    instancesOn: [0, 1, 2],
    stockOnOthers: false,
    async harm(server) {
      await server.kill();
      await delay(AIM);
    },
    async restore(server) {
      await server.restart();
    },
  });
  const misses = tally.longest > AIM ? [`requests are lost ${Math.round(tally.longest)} ms after a kill`] : [];
  return { figures: tally.figures(), misses: [...misses, ...tally.misses] };
};
