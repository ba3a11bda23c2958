import { delay } from '@natsmith/protocol';
import type { Connection } from '@natsmith/protocol';

/** Milliseconds that the server may take to answer. */
const PATIENCE = 2_000;

/** A client's own connection to the server, and whether it was lost meanwhile. */
export class Link {
  constructor(private readonly connection: Connection) {}

  /** Another one after each reconnect; undefined while there is no connection. */
  get session(): string | undefined {
    // Which connection this is on the server. Both libraries keep it until they dial again.
    const info = this.connection.info as { server_id?: string; client_id?: number } | undefined;
    return info && `${info.server_id ?? ''} ${info.client_id ?? ''}`;
  }

  /** Whether the server answers now, and the connection has not been lost since that session. */
  async holds(session: string | undefined): Promise<boolean> {
    if (session === undefined || session !== this.session) return false;
    const answers = this.connection.flush().then(
      () => true,
      () => false,
    );
    const isAlive = await Promise.race([answers, delay(PATIENCE, false, { ref: false })]);
    return isAlive && session === this.session;
  }
}
