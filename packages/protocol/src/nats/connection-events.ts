import type { Connection } from './connection';
import type { ForbiddenOperation } from './permission-error';

/** What the server or the network did to a connection. */
export type ConnectionEvent =
  | { readonly type: 'disconnected' | 'reconnected' | 'lameDuck'; readonly server: string }
  | Violation
  | { readonly type: 'authenticationFailed' | 'slowConsumer' | 'serverError'; readonly reason: string };

/** An operation that the server did not permit. */
export interface Violation {
  readonly type: 'violation';
  readonly operation: ForbiddenOperation;
  readonly subject: string;
  /** Undefined also where the server does not say it: when it revokes a permission of a running subscription. */
  readonly queue: string | undefined;
}

/** Reads the status of one connection, for all who want to know. */
export class ConnectionEvents {
  private static readonly ofConnections = new WeakMap<Connection, ConnectionEvents>();
  private readonly listeners = new Set<(event: ConnectionEvent) => void>();
  private readonly expected = new Set<string>();
  private latest: 'disconnected' | 'reconnected' | undefined;

  /** One for each connection: a client library keeps every iterator of its status until the connection is closed. */
  static of(connection: Connection): ConnectionEvents {
    let events = ConnectionEvents.ofConnections.get(connection);
    if (events === undefined) {
      events = new ConnectionEvents(connection);
      ConnectionEvents.ofConnections.set(connection, events);
    }
    return events;
  }

  private constructor(private readonly connection: Connection) {
    void this.read();
  }

  get status(): 'connected' | 'disconnected' | 'closed' {
    if (this.connection.isClosed()) return 'closed';
    return this.isLost ? 'disconnected' : 'connected';
  }

  /** Whether the server or the network ended it, and it has not come back; false where it was closed on purpose. */
  get isLost(): boolean {
    return this.latest === 'disconnected';
  }

  /** Calls for each event, until the connection is closed; gives the way to end that. */
  listen(listener: (event: ConnectionEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Says before an operation that it is only tried: where the server does not permit it, everything works without. */
  expectRefusal(operation: ForbiddenOperation, subject: string): void {
    this.expected.add(`${operation} ${subject}`);
  }

  /** Whether a refusal was expected, so that nobody need know. */
  isExpected({ operation, subject }: Violation): boolean {
    return this.expected.has(`${operation} ${subject}`);
  }

  private async read(): Promise<void> {
    try {
      for await (const status of this.connection.status()) {
        const event = eventOf(status, this.connection);
        if (event === undefined) continue;
        if (event.type === 'disconnected' || event.type === 'reconnected') {
          // Both libraries say so again for each attempt that was refused, and each of those says that it is over.
          if (event.type === this.latest) continue;
          this.latest = event.type;
        }
        this.tell(event);
      }
    } catch {
      // A client library that gives no status; what happens is then seen by its effects alone.
    }
  }

  private tell(event: ConnectionEvent): void {
    for (const listener of [...this.listeners])
      try {
        listener(event);
      } catch {
        // One who fails must not keep the news from the others.
      }
  }
}

/** The status events of `nats` 2 (`data`, `permissionContext`) and of nats.js 3 (`server`, `error`). */
interface Status {
  readonly type: string;
  readonly data?: unknown;
  readonly server?: unknown;
  readonly error?: unknown;
  readonly permissionContext?: unknown;
}

function eventOf(status: Status, connection: Connection): ConnectionEvent | undefined {
  const named = status.server ?? status.data;
  const server = typeof named === 'string' ? named : '';
  switch (status.type) {
    case 'disconnect':
      return { type: 'disconnected', server };
    case 'reconnect':
      return { type: 'reconnected', server };
    case 'ldm':
      return { type: 'lameDuck', server };
    case 'slowConsumer':
      return { type: 'slowConsumer', reason: 'messages of a subscription wait to be handled' };
    case 'error':
      return errorOf(status, connection);
    default:
      return undefined;
  }
}

function errorOf({ data, error, permissionContext }: Status, connection: Connection): ConnectionEvent {
  const violation = violationIn(error ?? permissionContext);
  if (violation !== undefined) return violation;
  const reason = error instanceof Error ? error.message : wordsOf(data, connection);
  if (/auth/i.test(reason)) return { type: 'authenticationFailed', reason };
  if (/slow consumer/i.test(reason)) return { type: 'slowConsumer', reason };
  return { type: 'serverError', reason };
}

/** `nats` 2 reports a code only; the server's words are in the last error, if that has the code. */
function wordsOf(code: unknown, connection: Connection): string {
  const { lastError } =
    (connection as { protocol?: { lastError?: { code?: string; message?: string } } }).protocol ?? {};
  return lastError?.code === code && lastError?.message ? lastError.message : String(code);
}

/** The violation in an error of a client library, or in what `nats` 2 calls its context; undefined for others. */
export function violationIn(error: unknown): Violation | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { permissionContext = error, message } = error as { permissionContext?: object; message?: unknown };
  const { operation, subject, queue } = permissionContext as Record<string, unknown>;
  if (operation !== 'publish' && operation !== 'subscription') return undefined;
  // A reply subject that is reserved is refused in words that neither library reads.
  const named = typeof subject === 'string' && subject !== '' ? subject : quotedIn(message);
  return {
    type: 'violation',
    operation,
    subject: unquoted(named ?? ''),
    queue: typeof queue === 'string' && queue !== '' ? unquoted(queue) : undefined,
  };
}

function quotedIn(message: unknown): string | undefined {
  return typeof message === 'string' ? /"((?:[^"\\]|\\.)*)"/.exec(message)?.[1] : undefined;
}

/** The server quotes subjects as Go does. */
function unquoted(text: string): string {
  return text.replace(/\\(["\\])/g, '$1');
}
