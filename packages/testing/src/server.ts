import { type BrokerOptions } from '@natsmith/broker';

/** Which program serves: a real nats-server, or the in-process broker. */
export type ServerKind = 'nats-server' | 'broker';

/**
 * What both kinds of server understand: the port (default: a free one, kept over restarts), one way to authenticate
 * (`user` and `pass`, `users`, or `token`), the largest message in bytes, and `jetstream`, which a nats-server has only
 * where it is true (with a temporary store that `restart` and `kill` leave and `stop` removes), and the broker unless it
 * is false.
 */
export type ServerOptions = Pick<
  BrokerOptions,
  'port' | 'user' | 'pass' | 'token' | 'users' | 'maxPayload' | 'jetstream'
>;

/** A server for tests, on 127.0.0.1. */
export interface TestServer extends AsyncDisposable {
  readonly kind: ServerKind;
  /** Where clients connect to; holds no credentials. */
  readonly url: string;
  readonly port: number;
  /** Stops the server gracefully; a second call does nothing. */
  stop(): Promise<void>;
  /** Ends the server as a crash does. */
  kill(): Promise<void>;
  /** Stops the server if it runs, and starts it again on the same port with the same options. */
  restart(): Promise<void>;
}
