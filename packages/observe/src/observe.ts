import { metricsPage } from './exposition/page';
import { collect } from './host/collect';
import { ConnectionCounts } from './host/connection-counts';
import { Exemplars } from './host/exemplars';
import type { ObservedHost } from './host/observed';
import { reasonsNotReady } from './host/readiness';
import { checkedListenOptions, type ListenOptions } from './http/listen-options';
import { serve, type Observer } from './http/observer';
import { textPage, type MakePage, type Page } from './http/page-server';

const DEFAULT_PORT = 9464;

/**
 * Serves over HTTP, until the host has stopped: `/metrics`, the numbers of its services as OpenMetrics or as Prometheus's
 * text; `/live`, 200 as long as the process answers; `/ready`, 200 when the host is connected, all its handlers take
 * messages and it is not stopping, else 503 with the reasons.
 * @param options default: port 9464 of 127.0.0.1
 * @throws TypeError for options that cannot be
 * @throws Error when it cannot listen, or the host has stopped
 */
export async function observe(host: ObservedHost, options: ListenOptions = {}): Promise<Observer> {
  const where = checkedListenOptions(options, 'observe()', DEFAULT_PORT);
  if (host.status === 'stopped') throw new Error('the host has stopped; there is nothing to observe');
  const connection = new ConnectionCounts(host.connection);
  const exemplars = new Exemplars(new Set(host.services.map(({ id }) => id)));
  const forget = (): void => {
    connection.close();
    exemplars.close();
  };
  const pages = new Map<string, MakePage>([
    ['/metrics', metricsPage(() => collect(host, connection, exemplars))],
    ['/live', () => textPage(200, 'ok')],
    ['/ready', () => readyPage(host)],
  ]);
  try {
    const observer = await serve(pages, where, {
      onClose: forget,
      onError: (err, path) => host.logger.error({ err }, `${path} failed`),
    });
    const end = (): void => void observer.close();
    void host.stopped.then(end, end);
    host.logger.info({ url: observer.url }, `serving ${[...pages.keys()].join(', ')}`);
    return observer;
  } catch (error) {
    forget();
    throw error;
  }
}

function readyPage(host: ObservedHost): Page {
  const reasons = reasonsNotReady(host);
  return reasons.length === 0 ? textPage(200, 'ok') : textPage(503, reasons.join('\n'));
}
