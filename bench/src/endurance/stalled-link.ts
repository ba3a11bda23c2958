import { setTimeout as delay } from 'node:timers/promises';
import { startCluster, type NatsServer } from '@natsmith/testing';
import { ServiceProcess } from '../service-process';
import { ClusterLoad } from './cluster-load';
import { ClusterTally } from './cluster-tally';
import type { Program } from './program';
import { StallingLink } from './stalling-link';

const SERVERS = 3;
/** Without it a nats-server takes four minutes to notice, and gives the dead instance its share of the requests. */
const CONFIG = 'ping_interval: "5s", ping_max: 2';
/** Milliseconds from the stall to the last request that may be lost by it. */
const AIM = 30_000;

/**
 * One of three instances, and some clients of each kind, are behind a link to a server that swallows everything from one
 * moment on. natsmith's notice by their pings and move; the server notices by its own.
 */
export const stalledLink: Program = async (_server, { tell }) => {
  const cluster = await startCluster(SERVERS, { config: CONFIG });
  const [first, ...others] = cluster as [NatsServer, ...NatsServer[]];
  const link = await StallingLink.to(first.port);
  const instances: ServiceProcess[] = [];
  let load: ClusterLoad | undefined;
  try {
    for (const port of [Number(new URL(link.url).port), ...others.map((server) => server.port)])
      instances.push(await ServiceProcess.start('endurance', 'plain', port, ''));
    const urls = others.map(({ url }) => url);
    load = await ClusterLoad.start({ natsmith: [link.url, ...urls], stock: urls, count: urls[0] ?? '' });
    await delay(1_000);
    const since = performance.now();
    link.stall();
    await delay(AIM);
    await load.end();
    const tally = new ClusterTally();
    tally.add(load, since);
    tell(`stalled link: ${tally.sent} requests, ${tally.lost} lost; ${tally.said()}`);
    const misses = tally.longest > AIM ? [`requests are lost ${Math.round(tally.longest)} ms after the stall`] : [];
    return { figures: tally.figures(), misses: [...misses, ...tally.misses] };
  } finally {
    await load?.end();
    for (const instance of instances) await instance.end('SIGKILL');
    link.close();
    await Promise.all(cluster.map((server) => server.stop()));
  }
};
