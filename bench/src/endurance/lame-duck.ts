import { setTimeout as delay } from 'node:timers/promises';
import { startCluster, type NatsServer } from '@natsmith/testing';
import { ServiceProcess } from '../service-process';
import { ClusterLoad } from './cluster-load';
import type { Program } from './program';

const SERVERS = 3;
const INSTANCES = 3;
const CONFIG = 'lame_duck_duration: "30s", lame_duck_grace_period: "8s"';

/**
 * Each server of a cluster shuts down in lame duck mode in its turn, under the load of natsmith clients on all servers and
 * of stock clients, which do not move, on the others: no request is lost.
 */
export const lameDuck: Program = async (_server, { requests = 100_000, tell }) => {
  const cluster = await startCluster(SERVERS, { config: CONFIG });
  const instances: ServiceProcess[] = [];
  let load: ClusterLoad | undefined;
  try {
    // All of them on the first server: it is the moment at which there is nobody else.
    for (let i = 0; i < INSTANCES; i++)
      instances.push(await ServiceProcess.start('endurance', 'plain', (cluster[0] as NatsServer).port, ''));
    const urls = cluster.map(({ url }) => url);
    const lost: Record<string, number> = {};
    let [sent, all, wrong, stockLost, round] = [0, 0, 0, 0, 0];
    while (sent < requests || round < SERVERS) {
      const server = cluster[round % SERVERS] as NatsServer;
      load = await ClusterLoad.start(
        urls,
        urls.filter((url) => url !== server.url),
      );
      await delay(1_000);
      server.lameDuck();
      while (server.pid !== undefined) await delay(50);
      await delay(500);
      await load.end();
      round++;
      sent += load.sent;
      all += load.natsmith.lost + load.stock.lost;
      stockLost += load.stock.lost;
      wrong += load.natsmith.wrong + load.stock.wrong;
      tell(`lame duck: ${round} servers, ${sent} requests, ${all} lost; errors: ${load.errors()}`);
      await server.restart();
      await delay(1_000);
    }
    lost.natsmith = all - stockLost;
    return {
      figures: {
        requests: sent,
        'servers shut down': round,
        'lost by natsmith clients': lost.natsmith,
        'lost by stock clients on the other servers': stockLost,
        'wrong replies': wrong,
      },
      misses: all + wrong === 0 ? [] : [`${all} of ${sent} requests lost, ${wrong} replies wrong`],
    };
  } finally {
    await load?.end();
    for (const instance of instances) await instance.end('SIGKILL');
    await Promise.all(cluster.map((server) => server.stop()));
  }
};
