import { warn } from '@natsmith/protocol';
import { metricsPage } from '../exposition/page';
import { checkedListenOptions, type ListenOptions } from '../http/listen-options';
import { serve, type Observer } from '../http/observer';
import { textPage, type MakePage } from '../http/page-server';
import { Fleet, type FleetStats } from './fleet';

const DEFAULT_PORT = 9465;

/**
 * Serves over HTTP, until it is closed: `/metrics`, the numbers of all services that answer STATS (ADR-32), in any language;
 * `/live`, 200 as long as the process answers; `/ready`, 200 while there is a connection.
 * @param gather asks the services; called for each scrape, once for all who ask at the same time. What it throws is
 * a warning of the process, and a page with 500
 * @param options default: port 9465 of 127.0.0.1
 * @throws TypeError for options that cannot be
 * @throws Error when it cannot listen
 */
export async function observeFleet(
  gather: () => Promise<FleetStats>,
  isConnected: () => boolean,
  options: ListenOptions = {},
): Promise<Observer> {
  const where = checkedListenOptions(options, 'observeFleet()', DEFAULT_PORT);
  const fleet = new Fleet();
  const pages = new Map<string, MakePage>([
    ['/metrics', metricsPage(async () => fleet.families(await gather()))],
    ['/live', () => textPage(200, 'ok')],
    ['/ready', () => (isConnected() ? textPage(200, 'ok') : textPage(503, 'the connection to NATS is away'))],
  ]);
  return serve(pages, where, { onError: (error, path) => warn(`${path} failed: ${messageOf(error)}`) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
