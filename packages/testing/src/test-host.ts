import { ServiceClient } from '@natsmith/client';
import {
  type Connection,
  type FactoryOptions,
  NatsServiceFactory,
  type NatsServiceHost,
  type ServiceTarget,
} from '@natsmith/core';
import { type Duration, durationProblem, millisecondsOf } from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import { BrokerServer } from './broker-server';

/** What `TestHost.create` takes: the factory's options, quiet unless told otherwise, and where to run. */
export interface TestHostOptions<C extends Connection = NatsConnection> extends FactoryOptions<C> {
  /** A server that runs already; it is left running. Default: a broker of this host's own. */
  server?: { readonly url: string };
}

/** How a test sends one request. */
export interface TestRequestOptions {
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** How long to wait for the reply: milliseconds, or a string such as `'2s'`; default 2,000 ms. */
  timeout?: Duration;
}

const REQUEST_TIMEOUT = 2_000;

/** Services under test, with all that they need: a broker, a connection and a host, ended by one `stop()`. */
export class TestHost<C extends Connection = NatsConnection> implements AsyncDisposable {
  readonly #client: ServiceClient<C>;

  private constructor(
    /** The host, as `NatsServiceFactory.create` made it. */
    readonly host: NatsServiceHost<C>,
    private readonly broker: BrokerServer | undefined,
  ) {
    this.#client = new ServiceClient(host.connection);
  }

  /** Starts the services; rejects as `NatsServiceFactory.create` does, and leaves nothing behind. */
  static async create<C extends Connection = NatsConnection>(
    targets: ServiceTarget | readonly ServiceTarget[],
    { server, ...options }: TestHostOptions<C> = {},
  ): Promise<TestHost<C>> {
    const broker = server || options.connection ? undefined : await BrokerServer.start();
    const url = server?.url ?? broker?.url;
    const connection = options.connection ?? { servers: url };
    try {
      const host = await NatsServiceFactory.create<C>(targets, {
        signals: false,
        logger: false,
        ...options,
        connection,
      });
      return new TestHost(host, broker);
    } catch (error) {
      await broker?.stop();
      throw error;
    }
  }

  get connection(): C {
    return this.host.connection;
  }

  /** The instance of a service or group class. */
  get<T extends object>(target: abstract new (...args: never) => T): T {
    return this.host.get(target);
  }

  /**
   * Sends a request as any client would, and reads the reply.
   * @param payload sent as JSON; bytes go out as they are, and without one the body is empty
   * @returns the reply read as JSON; undefined for an empty one. For other replies use a `ServiceClient`
   * @throws ServiceError for an error reply, with the error's body as `data`; with 503 when nobody listens
   * @throws TimeoutError when no reply comes in time
   */
  async request<Reply = unknown>(subject: string, payload?: unknown, options: TestRequestOptions = {}): Promise<Reply> {
    return this.#client.call<Reply>(subject, payload, { timeout: REQUEST_TIMEOUT, ...options });
  }

  /**
   * Moves the time of the broker ahead: delays, schedules, ages and acknowledgement waits that are due on the way happen
   * in order, each at its own time.
   * @param duration such as `'2h'`, or milliseconds
   * @param settled awaited after each thing that happened; default: some turns of the event loop, in which handlers of
   * this process react
   * @throws Error when the host does not run on a broker of its own
   */
  async advance(duration: Duration, settled?: () => Promise<void>): Promise<void> {
    const problem = durationProblem(duration);
    if (problem !== undefined) throw new TypeError(`advance: duration ${problem}`);
    if (!this.broker) {
      throw new Error(
        "advance: this host does not run on a broker of its own, and the time of other servers cannot be moved; leave out 'server' and 'connection'",
      );
    }
    await this.broker.advance(millisecondsOf(duration), settled);
  }

  /** Stops the services, and the broker if it is this host's own. */
  async stop(): Promise<void> {
    await this.#client.close();
    await this.host.stop();
    await this.broker?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
