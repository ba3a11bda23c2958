import { ConnectionEvents, delay, sharedController, type Connection } from '@natsmith/protocol';
import type { ClientStatus } from '../client-options';
import { Inbox } from './inbox';

/** Milliseconds that closing waits for the server to receive what was sent last. */
const CLOSE_TIMEOUT = 500;

/** The connection of a client, from its beginning to its end. */
export class ClientConnection<C extends Connection> {
  readonly inbox: Inbox;
  /** Whether it is closed with the client. */
  isOwn = false;
  private readonly events: ConnectionEvents;
  private readonly closing = sharedController();

  /** @param inboxes prefixes of inboxes of services */
  constructor(
    readonly connection: C,
    inboxes: readonly string[] | undefined,
  ) {
    this.inbox = new Inbox(connection, inboxes);
    this.events = ConnectionEvents.of(connection);
  }

  /** Aborted when the client is closed. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  get status(): ClientStatus {
    return this.closed.aborted ? 'closed' : this.events.status;
  }

  /** Ends all that waits, and the connection where it is the client's own. */
  async close(): Promise<void> {
    this.closing.abort();
    this.inbox.close(new Error('the client is closed'));
    const { connection, isOwn } = this;
    if (!isOwn || connection.isClosed()) return;
    // Producers are to hear that their streams are left; a server that does not answer is not waited for.
    await Promise.race([connection.flush().catch(() => undefined), delay(CLOSE_TIMEOUT, undefined, { ref: false })]);
    await connection.close();
  }
}
