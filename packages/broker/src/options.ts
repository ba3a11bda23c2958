/** Subjects a user may and may not use; without `allow` everything that is not denied. */
export interface SubjectRules {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What one user may publish and subscribe to; what is left out is not limited. */
export interface Permissions {
  readonly publish?: SubjectRules;
  readonly subscribe?: SubjectRules;
}

/** A user that may connect. */
export interface BrokerUser {
  readonly user: string;
  readonly pass: string;
  readonly permissions?: Permissions;
}

/** Where the broker reports connections (`debug`) and faults of its clients (`warn`); a pino logger fits. */
export interface BrokerLogger {
  debug(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Options of `Broker.start`. One way of authentication at most: `user` and `pass`, `users`, or `token`. */
export interface BrokerOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on. Default 0, any free one. */
  readonly port?: number;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly users?: readonly BrokerUser[];
  /** Largest message, headers included, in bytes. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Clients at a time. Default: no limit. */
  readonly maxConnections?: number;
  /** Bytes that may wait for one client before it is cut off as a slow consumer. Default 64 MiB. */
  readonly maxPending?: number;
  /** Milliseconds between PINGs to a silent client; after two without an answer it is cut off. Default 2 minutes. */
  readonly pingInterval?: number;
  /** Milliseconds a client has to authenticate. Default 2 s. */
  readonly authTimeout?: number;
  /** Streams, consumers and key-value buckets in memory, gone when the broker stops. Default true. */
  readonly jetstream?: boolean;
  /** Default, and `false`: none. */
  readonly logger?: BrokerLogger | false;
}
