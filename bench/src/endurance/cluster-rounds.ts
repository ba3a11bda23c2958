import { setTimeout as delay } from 'node:timers/promises';
import type { NatsServer } from '@natsmith/testing';
import { ServiceProcess } from '../service-process';
import { ClusterLoad } from './cluster-load';
import { ClusterTally } from './cluster-tally';
import type { Extent } from './program';

export const LAME_DUCK = 'lame_duck_duration: "30s", lame_duck_grace_period: "8s"';

/** What is done to each server of a cluster in its turn. */
export interface Rounds {
  readonly name: string;
  readonly tell: Extent['tell'];
  /** Rounds go on until so many are sent, and every server had its turn. */
  readonly requests: number;
  /** The server on which each instance of the service begins. */
  readonly instancesOn: readonly number[];
  /** Whether stock clients keep away from the server whose turn it is. */
  readonly stockOnOthers: boolean;
  harm(server: NatsServer): Promise<void>;
  restore(server: NatsServer): Promise<void>;
}

/** Harms the servers one after the other, each under a load of its own; stops the cluster at the end. */
export async function underLoad(cluster: readonly NatsServer[], rounds: Rounds): Promise<ClusterTally> {
  const tally = new ClusterTally();
  const instances: ServiceProcess[] = [];
  let load: ClusterLoad | undefined;
  try {
    for (const at of rounds.instancesOn)
      instances.push(await ServiceProcess.start('endurance', 'plain', cluster[at]?.port ?? 0, ''));
    const urls = cluster.map(({ url }) => url);
    for (let round = 0; tally.sent < rounds.requests || round < cluster.length; round++) {
      const server = cluster[round % cluster.length] as NatsServer;
      const others = urls.filter((url) => url !== server.url);
      const stock = rounds.stockOnOthers ? others : urls;
      load = await ClusterLoad.start({ natsmith: urls, stock, count: others[0] ?? server.url });
      await delay(1_000);
      const since = performance.now();
      await rounds.harm(server);
      await load.end();
      tally.add(load, since);
      rounds.tell(`${rounds.name}: ${round + 1} servers, ${tally.sent} requests, ${tally.lost} lost; ${tally.said()}`);
      await rounds.restore(server);
      await delay(1_000);
    }
    return tally;
  } finally {
    await load?.end();
    for (const instance of instances) await instance.end('SIGKILL');
    await Promise.all(cluster.map((server) => server.stop()));
  }
}
