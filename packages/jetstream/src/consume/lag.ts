import type { Connection } from '@natsmith/protocol';
import { askApi } from '../nats/api';

/** Milliseconds until a server is asked again that has not answered: each refusal is a line in the log. */
const RETRY_AFTER = 60_000;

/** How far a consumer is behind, for `gauges` of `service.stats()`; asked of the server, since others may work for it, too. */
export class Lag {
  private askAgainAt = 0;

  constructor(
    private readonly connection: Connection,
    /** `<stream>.<consumer>`. */
    private readonly subject: string,
  ) {}

  /** @throws Error when the server does not say, or has not lately */
  async read(): Promise<Readonly<Record<string, number>>> {
    if (performance.now() < this.askAgainAt)
      throw new Error("the last request for this consumer's numbers failed; the server is asked again after a minute");
    try {
      const info = (await askApi(this.connection, `CONSUMER.INFO.${this.subject}`)) as Record<string, unknown>;
      return { lag: numberIn(info.num_pending), unacknowledged: numberIn(info.num_ack_pending) };
    } catch (error) {
      this.askAgainAt = performance.now() + RETRY_AFTER;
      throw error;
    }
  }
}

function numberIn(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new Error("the server's reply has no valid number of messages");
}
