import {
  type Connection,
  type FactoryOptions,
  NatsServiceFactory,
  type NatsServiceHost,
  ServiceError,
  type ServiceTarget,
} from '@natsmith/core';
import { ERROR_CODE_HEADER, ERROR_HEADER } from '@natsmith/protocol';
import { headers as createHeaders, type Msg, type NatsConnection, type RequestOptions } from 'nats';
import { BrokerServer } from './broker-server';

/** What `TestHost.create` takes: the factory's options, quiet unless told otherwise, and where to run. */
export interface TestHostOptions<C extends Connection = NatsConnection> extends FactoryOptions<C> {
  /** A server that runs already; it is left running. Default: a broker of this host's own. */
  server?: { readonly url: string };
}

/** How a test sends one request. */
export interface TestRequestOptions {
  headers?: Readonly<Record<string, string>>;
  /** ms to wait for the reply; default 2,000. */
  timeout?: number;
}

const REQUEST_TIMEOUT = 2_000;

/** Services under test, with all that they need: a broker, a connection and a host, ended by one `stop()`. */
export class TestHost<C extends Connection = NatsConnection> implements AsyncDisposable {
  private constructor(
    /** The host, as `NatsServiceFactory.create` made it. */
    readonly host: NatsServiceHost<C>,
    private readonly broker: BrokerServer | undefined,
  ) {}

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
   * Sends a request as any client would and reads the reply.
   * @param payload sent as JSON; bytes go out as they are, and without one the body is empty
   * @returns the reply read as JSON; undefined for an empty one. For other replies use `connection.request`
   * @throws ServiceError for an error reply, with the error's body as `data`; with 503 when nobody listens
   */
  async request<Reply = unknown>(subject: string, payload?: unknown, options: TestRequestOptions = {}): Promise<Reply> {
    const body = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload) ?? '');
    const headers = createHeaders();
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    const message = await this.#send(subject, body, { timeout: options.timeout ?? REQUEST_TIMEOUT, headers });
    const code = message.headers?.get(ERROR_CODE_HEADER);
    if (!code) return read(message) as Reply;
    throw new ServiceError(Number(code), message.headers?.get(ERROR_HEADER) ?? '', { data: read(message) });
  }

  /** Stops the services, and the broker if it is this host's own. */
  async stop(): Promise<void> {
    await this.host.stop();
    await this.broker?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #send(subject: string, body: Uint8Array, options: RequestOptions): Promise<Msg> {
    try {
      // Both client libraries have this method, and encode each other's headers.
      return await (this.connection as unknown as NatsConnection).request(subject, body, options);
    } catch (cause) {
      const { code, message } = cause as { code?: string; message: string };
      if (code === '503' || message.startsWith('no responders')) {
        throw new ServiceError(503, `nobody listens on ${subject}`, { cause });
      }
      if (code === 'TIMEOUT' || message === 'timeout') {
        throw new Error(`no reply to ${subject} within ${options.timeout} ms`, { cause });
      }
      throw cause;
    }
  }
}

function read(message: Msg): unknown {
  const text = message.string();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Error(`the reply on ${message.subject} is not JSON: ${text.slice(0, 100)}`, { cause });
  }
}
