import type { InfoResponse, PingResponse, StatsResponse } from '@natsmith/protocol';
import { isConnection, type Connection } from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import type { GatherLimits } from './ask-all';
import { connect } from './connect';
import { Discovery, type Discovered } from './discovery';
import type { Gathered } from './gathered';
import { Inbox } from './inbox';
import { watch, type ServiceChange, type WatchOptions } from './watch';

/** What a client takes besides its connection. */
export interface ClientOptions {
  /** Milliseconds that a call waits, where it does not say so itself; default 5,000. */
  timeout?: number;
  /** How long discovery gathers replies; default 300 ms after the latest one, 2,000 ms at most. */
  discovery?: GatherLimits;
  /** The prefix of the discovery subjects, where an account import renames it; default `$SRV`. */
  prefix?: string;
}

/** What `ServiceClient.connect` takes. */
export interface ConnectOptions<C extends Connection = NatsConnection> extends ClientOptions {
  /**
   * A live connection of `nats` 2 or `@nats-io/transport-node` 3, or options to connect with `nats` 2.
   * Default: the environment (`NATS_URL` and the credentials of the `nats` command), else `nats://127.0.0.1:4222`.
   */
  connection?: C | ConnectionOptions;
}

const DEFAULT_LIMITS: Required<GatherLimits> = { timeout: 2_000, stall: 300 };

/** Finds services and calls them, whatever language they are written in. */
export class ServiceClient<C extends Connection = Connection> implements AsyncDisposable {
  private readonly inbox: Inbox;
  private readonly discovery: Discovery;
  private readonly closing = new AbortController();
  private ownsConnection = false;

  /** @param connection stays open when the client is closed */
  constructor(
    readonly connection: C,
    options: ClientOptions = {},
  ) {
    this.inbox = new Inbox(connection, () => undefined);
    const limits = { ...DEFAULT_LIMITS, ...options.discovery };
    this.discovery = new Discovery(connection, this.inbox, limits, options.prefix ?? '$SRV');
  }

  /**
   * Makes a client, and the connection too unless a live one is given.
   * @throws Error when there is no connection
   */
  static async connect<C extends Connection = NatsConnection>(
    options: ConnectOptions<C> = {},
  ): Promise<ServiceClient<C>> {
    const given = options.connection;
    if (given !== undefined && isConnection(given)) return new ServiceClient(given, options);
    const client = new ServiceClient((await connect(given)) as Connection as C, options);
    client.ownsConnection = true;
    return client;
  }

  /** Who is there (ADR-32, PING): all services, those of a name, or one instance. */
  ping(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<PingResponse>> {
    return this.discovery.ask('PING', name, id, limits);
  }

  /** What they offer (ADR-32, INFO). */
  info(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<InfoResponse>> {
    return this.discovery.ask('INFO', name, id, limits);
  }

  /** What they have done (ADR-32, STATS). */
  stats(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<StatsResponse>> {
    return this.discovery.ask('STATS', name, id, limits);
  }

  /** Tells of instances that come and go, beginning with those that are there. Ends with the client. */
  watch({ interval, signal }: WatchOptions = {}): AsyncIterable<ServiceChange> {
    const ends = signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]);
    return watch((name, id) => this.ping(name, id), { interval, signal: ends });
  }

  /** Ends what is under way, and closes the connection if `connect` opened it. */
  async close(): Promise<void> {
    this.closing.abort();
    this.inbox.close(new Error('the client is closed'));
    if (this.ownsConnection && !this.connection.isClosed()) await this.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
