import {
  aString,
  anObject,
  checkedElsewhere,
  type Connection,
  type Duration,
  type OptionRules,
} from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import type { GatherLimits } from './discovery/request-many';

/** What a client takes besides its connection. */
export interface ClientOptions {
  /** How long calls wait, where they do not say so themselves: milliseconds, or a string such as `'2s'`; default 5,000 ms. */
  timeout?: Duration;
  /** How long discovery gathers replies; default 300 ms after the latest one, 2,000 ms and 10,000 replies at most. */
  discovery?: GatherLimits;
  /** The prefix of the discovery subjects, where an account import renames it; default `$SRV`. */
  prefix?: string;
  /**
   * Prefixes of inboxes, besides `_INBOX.`, `_R_.` and the connection's own, to which control messages of streams, uploads
   * and large replies may be sent: those of services with an inbox prefix of their own.
   */
  inboxes?: readonly string[];
}

export const CLIENT_OPTIONS: OptionRules<ClientOptions> = {
  timeout: checkedElsewhere,
  discovery: anObject,
  prefix: aString,
  inboxes: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string')
      ? undefined
      : 'an array of inbox prefixes such as ["my.inbox"]',
};

/** What `ServiceClient.connect` takes. */
export interface ConnectOptions<C extends Connection = NatsConnection> extends ClientOptions {
  /**
   * A live connection of `nats` 2 or `@nats-io/transport-node` 3, or options to connect with `nats` 2.
   * Default: the environment (`NATS_URL` and the credentials of the `nats` command), else `nats://127.0.0.1:4222`.
   */
  connection?: C | ConnectionOptions;
}

export const CONNECT_OPTIONS: OptionRules<ConnectOptions> = { connection: anObject, ...CLIENT_OPTIONS };

/** Whether services can be reached; while `disconnected`, natsmith or its client library tries to reconnect. */
export type ClientStatus = 'connected' | 'disconnected' | 'closed';
