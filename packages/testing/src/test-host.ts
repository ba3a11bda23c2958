import type { PublishedMessage } from '@natsmith/broker';
import { ServiceClient } from '@natsmith/client';
import {
  type Class,
  classOf,
  type Connection,
  describeServices,
  type FactoryOptions,
  type HandlerDescription,
  NatsServiceFactory,
  type NatsServiceHost,
  type ServiceTarget,
} from '@natsmith/core';
import { type DeadLetter, DeadLetterBox, ScheduleBook } from '@natsmith/jetstream';
import {
  type Duration,
  durationProblem,
  type Event,
  eventCodecOf,
  millisecondsOf,
  type ParamsOf,
  parseTemplate,
  type Publishable,
  type PublishArgs,
  type PublishOptions,
  type Received,
  ReceivedHeaders,
  type Sent,
  subjectCovers,
} from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import { BrokerServer } from './broker-server';
import { untilIdle } from './idle';
import type { PublishedEvent } from './recording-publisher';

/** What `TestHost.create` takes: the factory's options, quiet unless set otherwise, and where to run. */
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
    private readonly seen: readonly PublishedMessage[],
    private readonly targets: ServiceTarget | readonly ServiceTarget[],
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
    const seen: PublishedMessage[] = [];
    broker?.onPublish((message) => {
      // What NATS and natsmith send for their own purposes is not an event.
      if (!/^[$_]/.test(message.subject)) seen.push(message);
    });
    try {
      const host = await NatsServiceFactory.create<C>(targets, {
        signals: false,
        logger: false,
        ...options,
        connection,
      });
      return new TestHost(host, broker, seen, targets);
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

  /** Publishes an event as any client would; streams that store it have it, too. */
  publish<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...options: PublishArgs<E, PublishOptions>
  ): Promise<void> {
    return this.#client.publish(event, payload, ...options);
  }

  /**
   * What has been published of an event since the host started, decoded and validated, in order; by the services, by the
   * test, or by others on the same broker.
   * @throws ServiceError 400 when something was published that is not valid
   * @throws Error when the host runs on a server that is not its own
   */
  async published<E extends Event>(event: E): Promise<readonly PublishedEvent<E>[]> {
    this.#ownBroker('published');
    await this.host.connection.flush();
    const { subject, params } = parseTemplate(event.subject);
    const codec = eventCodecOf(event);
    return Promise.all(
      this.seen
        .filter((message) => subjectCovers(subject, message.subject))
        .map(async (message) => {
          const tokens = message.subject.split('.');
          return {
            event,
            subject: message.subject,
            params: Object.fromEntries(params.map(({ name, index }) => [name, tokens[index] ?? ''])) as ParamsOf<E>,
            payload: (await codec.decode(message.data)) as Received<E>,
            headers: new ReceivedHeaders(message.headers),
          };
        }),
    );
  }

  /**
   * Resolves when nothing is under way: no handler runs, and no consumer has messages that it could take now. What waits
   * for its delay is not under way; `advance` brings it.
   * @throws Error when that is not so within 5 seconds
   */
  idle(): Promise<void> {
    return untilIdle(this.host);
  }

  /**
   * Moves the time of the broker ahead: delays, schedules, ages and acknowledgement waits that are due on the way happen
   * in order, each at its own time, and what follows of each is handled before the next.
   * @param duration such as `'2h'`, or milliseconds
   * @param settled awaited after each thing that happened; default: until the host is idle
   * @throws Error when the host does not run on a broker of its own
   */
  async advance(duration: Duration, settled: () => Promise<void> = () => this.idle()): Promise<void> {
    const problem = durationProblem(duration);
    if (problem !== undefined) throw new TypeError(`advance: duration ${problem}`);
    const broker = this.#ownBroker('advance');
    await this.idle();
    await broker.advance(millisecondsOf(duration), settled);
    await this.idle();
  }

  /** Runs a schedule's handler now, by its class and method, as `natsmith schedules run` does; resolves when it has run. */
  async run<T extends object>(target: Class<T>, method: keyof T & string): Promise<void> {
    const book = new ScheduleBook(this.host.connection);
    for (const { kind, service, name } of this.#handlers(target, method)) {
      if (kind !== 'schedule') throw new Error(`${target.name}.${method} has no schedule; its kind is "${kind}"`);
      await book.run(service, name);
    }
    await this.idle();
  }

  /** The dead letters of a consumer, by the class and method of its handler, the oldest first. */
  async deadLetters<T extends object>(target: Class<T>, method: keyof T & string): Promise<readonly DeadLetter[]> {
    const consumers = new Set<string>();
    for (const { kind, queueGroup, details } of this.#handlers(target, method)) {
      if (kind !== 'consumer' && kind !== 'batch')
        throw new Error(`${target.name}.${method} is not a consumer; its kind is "${kind}"`);
      consumers.add(`${String(details?.stream)} ${queueGroup}`);
    }
    const letters: DeadLetter[] = [];
    for await (const letter of new DeadLetterBox(this.host.connection).list())
      if (consumers.has(`${letter.stream} ${letter.consumer}`)) letters.push(letter);
    return letters;
  }

  /** Lets a handler fail with an error, the next time or the next times that it is called; then it is itself again. */
  fail<T extends object>(target: Class<T>, method: keyof T & string, error: unknown, times = 1): void {
    if (!(times === Infinity || (Number.isSafeInteger(times) && times >= 1)))
      throw new TypeError(`times must be a whole number, 1 or more, or Infinity, got ${String(times)}`);
    const object = this.host.get(target) as Record<string, unknown>;
    const own = object[method];
    if (typeof own !== 'function') throw new Error(`${target.name} has no method "${method}"`);
    let left = times;
    object[method] = function (this: unknown, ...parameters: unknown[]): unknown {
      if (left-- > 0) throw error;
      return (own as (...all: unknown[]) => unknown).apply(this, parameters);
    };
  }

  /** What a method handles: in each service that mounts its class, and each of its events. */
  #handlers(target: Class, method: string): (HandlerDescription & { service: string })[] {
    const all = describeServices(this.targets).flatMap(({ name, handlers }) =>
      handlers
        .filter((handler) => classOf(handler) === target && handler.method === method)
        .map((handler) => ({ ...handler, service: name })),
    );
    if (all.length === 0) throw new Error(`${target.name}.${method} is not a handler of a service that runs here`);
    return all;
  }

  #ownBroker(what: string): BrokerServer {
    if (this.broker !== undefined) return this.broker;
    throw new Error(`${what}: this host does not run on a broker of its own; leave out 'server' and 'connection'`);
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
