import type { HeadersToSend } from '../request/headers';
import type { RequestMessage } from '../request/message';
import type { Outlet } from '../request/endpoint-runtime';

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
  /** Resolves when the connection is closed for good, with the error if there was one. */
  closed(): Promise<unknown>;
  isClosed(): boolean;
  isDraining(): boolean;
  getServer(): string;
  status(): AsyncIterable<{ readonly type: string }>;
}

export interface Subscription {
  unsubscribe(): void;
  /** Leaves the subject, and resolves when every message that was under way has been delivered. */
  drain(): Promise<void>;
  isClosed(): boolean;
}

/** Whether a value is a live connection rather than options for one. */
export function isConnection(value: object): value is Connection {
  return 'publish' in value && typeof value.publish === 'function' && 'subscribe' in value;
}

/** What a subscription callback gets: a message, or the error that ended the subscription. */
export interface Receiver {
  onMessage(message: RequestMessage): void;
  onError(error: Error): void;
}

/** Subscribes, by callback: iterators cost three times as much for each message. */
export function subscribe(connection: Connection, subject: string, queue: string, receiver: Receiver): Subscription {
  const callback = (error: Error | null, message: RequestMessage): void => {
    if (error === null) receiver.onMessage(message);
    else receiver.onError(error);
  };
  return connection.subscribe(subject, queue === '' ? { callback } : { queue, callback });
}

const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

/** The way replies take out of a connection. */
export function outletOf(connection: Connection): Outlet {
  return {
    publish(subject: string, body: Uint8Array, headers?: HeadersToSend): void {
      if (headers === undefined) connection.publish(subject, body);
      else connection.publish(subject, body, { headers });
    },
    flush: () => connection.flush(),
    get maxPayload() {
      return connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
    },
  };
}
