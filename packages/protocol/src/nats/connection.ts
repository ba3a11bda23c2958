import { shown } from '../options';
import { Buffer } from '../platform/node';
/**
 * A connection of `nats` 2 or of `@nats-io/transport-node` 3: what natsmith uses of either.
 * Options are declared as `object`, because the two libraries name their types differently.
 */
export interface Connection {
  readonly info?: { readonly max_payload: number };
  publish(subject: string, payload?: Uint8Array, options?: object): void;
  subscribe(subject: string, options?: object): Subscription;
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Leaves the server for another one, or for the same; not in early versions of `nats` 2. */
  reconnect?(): Promise<void>;
  /** Resolves when the connection is closed for good, with the error if there was one. */
  closed(): Promise<unknown>;
  isClosed(): boolean;
  isDraining(): boolean;
  getServer(): string;
  status(): AsyncIterable<{ readonly type: string }>;
}

/** A subscription of either client library. */
export interface Subscription {
  unsubscribe(): void;
  /** Leaves the subject, and resolves when every message that was under way has been delivered. */
  drain(): Promise<void>;
  isClosed(): boolean;
}

/** Whether a value is a live connection rather than options for one, or a client that has one and publishes as well. */
export function isConnection(value: unknown): value is Connection {
  if (typeof value !== 'object' || value === null) return false;
  const { publish, subscribe, flush } = value as Partial<Connection>;
  return [publish, subscribe, flush].every((method) => typeof method === 'function');
}

/**
 * @param where what needs it, for messages: `new JetStreamPublisher()`
 * @param advice how one comes to a connection, unless what was given has one
 * @throws TypeError for what is not a live connection
 */
export function checkConnection(
  value: unknown,
  where: string,
  advice = 'connect() of either library makes one',
): asserts value is Connection {
  if (isConnection(value)) return;
  const { connection, then } = (value ?? {}) as { connection?: unknown; then?: unknown };
  const way = isConnection(connection)
    ? 'give its property "connection"'
    : typeof then === 'function'
      ? 'await the promise first'
      : advice;
  throw new TypeError(
    `${where} needs a live connection of nats or @nats-io/transport-node, got ${shown(value)}; ${way}`,
  );
}

/** What a nats-server takes unless it is set otherwise. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

/** The largest message that the server takes now, headers included, in bytes. */
export function maxPayloadOf({ info }: Connection): number {
  return info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
}

/** What the inboxes of a connection begin with: `_INBOX`, or the prefix that it was made with. */
export function inboxPrefixOf(connection: Connection): string {
  // Both libraries keep their options there; users with permissions on a prefix of their own depend on it.
  return (connection as { options?: { inboxPrefix?: string } }).options?.inboxPrefix ?? '_INBOX';
}

/** A message as both client libraries give it. */
export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Empty or undefined when the sender waits for no reply. */
  readonly reply?: string;
  readonly headers?: {
    /** Of a status line such as `NATS/1.0 503`; 0 for none. */
    readonly code: number;
    keys(): string[];
    values(name: string): string[];
  };
  // Both libraries keep the undecoded message in these; decoding headers costs a microsecond.
  readonly _msg?: { readonly hdr: number; readonly subject?: Uint8Array; readonly reply?: Uint8Array };
  readonly _rdata?: Uint8Array;
}

/** Whether a message came on a subject of ASCII; looks at the bytes: the client libraries' getter decodes them. */
export function isSubject(message: Message, expected: string): boolean {
  const bytes = message._msg?.subject;
  if (bytes === undefined) return message.subject === expected;
  if (bytes.length !== expected.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== expected.charCodeAt(i)) return false;
  return true;
}

/** Whether a message is the server's word that nobody listens on the subject which a request or an item was sent to. */
export function isNoResponders(message: Message): boolean {
  // The status is in the first line, and only that is read: the libraries' decoders throw on odd headers.
  if (message.data.length > 0) return false;
  const { _msg, _rdata } = message;
  if (_msg === undefined || _rdata === undefined) return message.headers?.code === 503;
  return _msg.hdr > 0 && NO_RESPONDERS.every((byte, i) => _rdata[i] === byte);
}

const NO_RESPONDERS = Buffer.from('NATS/1.0 503');
