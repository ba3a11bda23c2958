import { setTimeout as delay } from 'node:timers/promises';
import { findNatsServer, natsServerVersion, startCluster } from '@natsmith/testing';
import { LAME_DUCK, underLoad } from './cluster-rounds';
import type { Program } from './program';

const SERVERS = 3;

/**
 * A cluster of an old nats-server (`NATS_SERVER_OLD`) becomes one of the new one, server by server, in lame duck mode: no
 * request is lost, while servers of both versions are routed to each other.
 */
export const upgradeServers: Program = async (_server, { tell }) => {
  const binary = process.env.NATS_SERVER_OLD;
  if (!binary) throw new Error('no older nats-server to upgrade from: name one in NATS_SERVER_OLD');
  const [from, to] = [binary, findNatsServer() ?? ''].map(natsServerVersion);
  const cluster = await startCluster(SERVERS, { config: LAME_DUCK, binary });
  const tally = await underLoad(cluster, {
    name: `upgrade from ${from} to ${to}`,
    tell,
    requests: 0,
    instancesOn: [0, 1, 2],
    stockOnOthers: true,
    async harm(server) {
      server.lameDuck();
      while (server.pid !== undefined) await delay(50);
      await delay(500);
    },
    restore: (server) => server.restart(findNatsServer()),
  });
  const misses = tally.lost > 0 ? [`${tally.lost} of ${tally.sent} requests are lost`] : [];
  return { figures: { from: from ?? '', to: to ?? '', ...tally.figures() }, misses: [...misses, ...tally.misses] };
};
