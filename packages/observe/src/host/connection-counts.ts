import { ConnectionEvents, type Connection } from '@natsmith/protocol';
import type { Metrics } from '../exposition/metric';
import * as metric from './metrics';

/** Both client libraries count. */
interface Counting {
  stats?(): { readonly inBytes: number; readonly outBytes: number };
}

/** What happens to the connection of a host, counted since the host is observed. */
export class ConnectionCounts {
  private disconnects = 0;
  private slowConsumer = 0;
  readonly close: () => void;

  constructor(private readonly connection: Connection) {
    this.close = ConnectionEvents.of(connection).listen(({ type }) => {
      if (type === 'disconnected') this.disconnects++;
      if (type === 'slowConsumer') this.slowConsumer++;
    });
  }

  addTo(metrics: Metrics): void {
    const isConnected = ConnectionEvents.of(this.connection).status === 'connected';
    metrics.add(metric.CONNECTED, {}, Number(isConnected));
    metrics.add(metric.DISCONNECTS, {}, this.disconnects);
    metrics.add(metric.SLOW_CONSUMER, {}, this.slowConsumer);
    const { inBytes, outBytes } = (this.connection as Counting).stats?.() ?? {};
    if (inBytes !== undefined) metrics.add(metric.RECEIVED_BYTES, {}, inBytes);
    if (outBytes !== undefined) metrics.add(metric.SENT_BYTES, {}, outBytes);
  }
}
