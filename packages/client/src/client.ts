import { setTimeout as delay } from 'node:timers/promises';
import {
  ConnectionEvents,
  isConnection,
  nameProblem,
  type Connection,
  type Event,
  type EventPublisher,
  type InfoResponse,
  type PingResponse,
  type Publishable,
  type PublishArgs,
  type PublishOptions,
  type Sent,
  type StatsResponse,
} from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import { checkedLimits, type GatherLimits } from './discovery/request-many';
import { Calls, type Reply } from './call/call';
import { publishEvent } from './call/publish';
import { EventSubscription, type ReceivedEvent, type SubscribeOptions } from './call/subscribe';
import { MiddlewareStack, type ClientMiddleware } from './middleware';
import type { CallOptions, SubjectCallOptions, SubjectStreamOptions } from './call/call-options';
import { propagationOf, NO_PROPAGATION, type Propagation, type Carrier } from './propagation';
import { connect } from './nats/connect';
import { Discovery, type Discovered } from './discovery/discovery';
import {
  gather,
  subjectToGather,
  type EndpointAddress,
  type GatheredReply,
  type GatherOptions,
} from './discovery/gather';
import { Gathered } from './discovery/replies';
import { callOrStream } from './call/call-or-stream';
import { Inbox } from './nats/inbox';
import { Link } from './discovery/link';
import { ServiceResolver } from './service/resolver';
import type { PolicyOptions } from './call/retry';
import type { ServiceSelection } from './service/selection';
import { checkSubject } from './service/params';
import { serviceProxy, type AnyService, type ServiceProxy } from './service/proxy';
import { watch, type ServiceChange, type WatchOptions } from './discovery/watch';

/** What a client takes besides its connection. */
export interface ClientOptions {
  /** Milliseconds that a call waits, where it does not say so itself; default 5,000. */
  timeout?: number;
  /** How long discovery gathers replies; default 300 ms after the latest one, 2,000 ms and 10,000 replies at most. */
  discovery?: GatherLimits;
  /** The prefix of the discovery subjects, where an account import renames it; default `$SRV`. */
  prefix?: string;
  /**
   * Prefixes of inboxes, besides `_INBOX.`, `_R_.` and the connection's own, on which services of streams, uploads and
   * large replies may be spoken to: those of services with an inbox prefix of their own.
   */
  inboxes?: readonly string[];
}

/** What `ServiceClient.connect` takes. */
export interface ConnectOptions<C extends Connection = NatsConnection> extends ClientOptions {
  /**
   * A live connection of `nats` 2 or `@nats-io/transport-node` 3, or options to connect with `nats` 2.
   * Default: the environment (`NATS_URL` and the credentials of the `nats` command), else `nats://127.0.0.1:4222`.
   */
  connection?: C | ConnectionOptions;
}

const DEFAULT_TIMEOUT = 5_000;
/** Milliseconds that closing waits for the server to take what was sent last. */
const LAST_WORDS = 500;
const DEFAULT_LIMITS: Required<GatherLimits> = { timeout: 2_000, stall: 300, max: 10_000 };

/** Whether services can be reached; while `disconnected`, natsmith or its client library tries to reconnect. */
export type ClientStatus = 'connected' | 'disconnected' | 'closed';

/** What `client.service` takes besides the service's name: which instances are meant, and defaults of its calls. */
export interface ServiceSelector extends ServiceSelection, PolicyOptions, Pick<CallOptions, 'timeout'> {}

/** What a client shares with the clients that `with` makes of it. */
interface Shared<C extends Connection> {
  readonly connection: C;
  readonly events: ConnectionEvents;
  readonly inbox: Inbox;
  readonly discovery: Discovery;
  readonly lookups: Map<string, ServiceResolver>;
  readonly closing: AbortController;
  readonly timeout: number;
}

/** Finds services and calls them, whatever language they are written in. */
export class ServiceClient<C extends Connection = Connection>
  implements EventPublisher<PublishOptions, void>, AsyncDisposable
{
  private readonly shared: Shared<C>;
  private propagation: Propagation = NO_PROPAGATION;
  private middleware = new MiddlewareStack();
  private ownsConnection = false;
  private isDerived = false;

  /** @param connection stays open when the client is closed */
  constructor(connection: C, options: ClientOptions = {}) {
    const inbox = new Inbox(connection, options.inboxes);
    const limits = checkedLimits(options.discovery ?? {}, DEFAULT_LIMITS);
    this.shared = {
      connection,
      events: ConnectionEvents.of(connection),
      inbox,
      discovery: new Discovery(inbox, limits, options.prefix ?? '$SRV'),
      lookups: new Map(),
      closing: new AbortController(),
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
    };
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

  get connection(): C {
    return this.shared.connection;
  }

  /** Whether services can be reached; `closed` also after `close()`, where the connection may live on. */
  get status(): ClientStatus {
    return this.shared.closing.signal.aborted ? 'closed' : this.shared.events.status;
  }

  /**
   * Finds a service by INFO, and gives its methods, typed by its class. What was found is kept for as long as somebody
   * answers.
   * @throws ServiceError 503 when nobody answers as that service
   * @throws Error that names the versions found, when none is in the range
   * @throws DiscoveryError when nobody's INFO can be used
   */
  async service<T = AnyService>(name: string, options: ServiceSelector = {}): Promise<ServiceProxy<T>> {
    const problem = nameProblem(name);
    if (problem !== undefined) throw new TypeError(`service name ${problem}`);
    const lookup = this.lookup(name, options);
    await lookup.ready();
    const { timeout, policy, retries } = options;
    const defaults = { policy, retries };
    const invoke = (method: string, payload: unknown, own: CallOptions | undefined): unknown => {
      const calls = this.calls();
      // For a stream, the timeout of a call is that until the first sign of life.
      const stream = (): AsyncIterable<unknown> =>
        calls.streamOf(lookup, method, payload, { ...defaults, ...own }, timeout);
      if (/^(response|both)$/.test(lookup.find(method)?.info.metadata.stream ?? '')) return stream();
      return callOrStream(
        () => calls.method(lookup, method, payload, { timeout, ...defaults, ...own }),
        stream,
        method,
      );
    };
    return serviceProxy<T>({
      service: name,
      methods: () => lookup.methods,
      has: (method) => lookup.find(method) !== undefined,
      invoke,
    });
  }

  /**
   * Calls whatever listens on a subject.
   * @throws ServiceError with the service's code, description and data; 503 when nobody listens, at once
   * @throws TimeoutError when no reply comes in time
   */
  async call<Reply = unknown>(subject: string, payload?: unknown, options: SubjectCallOptions = {}): Promise<Reply> {
    checkSubject(subject);
    return (await this.calls().subject(subject, payload, options)) as Reply;
  }

  /**
   * Calls whatever listens on a subject, and gives the whole reply: its value, its headers, and where the request went.
   * @throws what `call` throws
   */
  async request<Data = unknown>(
    subject: string,
    payload?: unknown,
    options: SubjectCallOptions = {},
  ): Promise<Reply<Data>> {
    checkSubject(subject);
    return this.calls().request<Data>(subject, payload, options);
  }

  /**
   * Wraps every call, publish and stream of this client and of those made of it by `with`, in the order of `use`. On a
   * client made by `with` it is that client's alone. Proxies that exist are wrapped, too.
   */
  use(middleware: ClientMiddleware): this {
    this.middleware.add(middleware);
    return this;
  }

  /**
   * Publishes an event, at most once to each of its subscribers. Resolves when the server has taken it. The trace of
   * `with(ctx)` goes along, its deadline does not.
   * @throws ServiceError 400 with the violations, before anything is sent
   * @throws PermissionError when the server forbids it
   */
  // Async, so that mistakes in the arguments reject, too.
  async publish<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...[options]: PublishArgs<E, PublishOptions>
  ): Promise<void> {
    const { inbox } = this.shared;
    await publishEvent(inbox, this.propagation, this.middleware, event, payload, options);
  }

  /**
   * Events of one kind or several, decoded and checked, from now on. Ends with its signal, with the loop and with the
   * client. What is invalid goes to `onInvalid`; what a slow loop leaves waiting is bounded by `maxPending`.
   * @throws PermissionError in the loop, when the server forbids it
   */
  subscribe<const E extends Event>(
    event: E | readonly E[],
    options: SubscribeOptions = {},
  ): AsyncIterableIterator<ReceivedEvent<E>, undefined> {
    const events = Array.isArray(event) ? (event as readonly E[]) : [event as E];
    return new EventSubscription<E>(this.shared.inbox, events, options, this.shared.closing.signal);
  }

  /**
   * Reads a stream from whatever listens on a subject. The request is sent when the first item is asked for; leaving the
   * loop stops the producer.
   * @throws StreamError when an item is missing or the producer is gone, ServiceError and TimeoutError as `call`
   */
  stream<Item = unknown>(subject: string, payload?: unknown, options: SubjectStreamOptions = {}): AsyncIterable<Item> {
    checkSubject(subject);
    return this.calls().streamFrom<Item>(subject, payload, options);
  }

  /**
   * Asks all instances of an endpoint that has no queue group, by its subject or by service and endpoint, and gathers
   * their replies for a bounded time: 300 ms after the latest one, 2,000 ms at most, unless the options say otherwise.
   */
  gather<Reply = unknown>(
    target: string | EndpointAddress,
    payload?: unknown,
    options: GatherOptions = {},
  ): Gathered<GatheredReply<Reply>> {
    const limits = checkedLimits(options, DEFAULT_LIMITS);
    const ask = (subject: string): Gathered<GatheredReply<Reply>> =>
      gather<Reply>(this.shared.inbox, subject, payload, options, limits, this.propagation);
    return Gathered.later(async () => {
      if (typeof target !== 'string')
        return {
          ask: ask(await subjectToGather(this.lookup(target.service, target), target.endpoint, options.params)),
        };
      checkSubject(target);
      return { ask: ask(target) };
    });
  }

  /**
   * A client whose calls carry on a request's deadline, cancellation and trace headers (`traceparent`, `tracestate`,
   * `baggage`); it shares all else, and closing it does nothing.
   */
  with(ctx: Carrier): ServiceClient<C> {
    const client = Object.create(ServiceClient.prototype) as ServiceClient<C>;
    return Object.assign(client, {
      shared: this.shared,
      propagation: propagationOf(ctx, this.propagation),
      middleware: new MiddlewareStack(this.middleware),
      ownsConnection: false,
      isDerived: true,
    });
  }

  /** Who is there (ADR-32, PING): all services, those of a name, or one instance. */
  ping(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<PingResponse>> {
    return this.shared.discovery.ask('PING', name, id, limits);
  }

  /** What they offer (ADR-32, INFO). */
  info(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<InfoResponse>> {
    return this.shared.discovery.ask('INFO', name, id, limits);
  }

  /** What they have done (ADR-32, STATS). */
  stats(name?: string, id?: string, limits?: GatherLimits): Gathered<Discovered<StatsResponse>> {
    return this.shared.discovery.ask('STATS', name, id, limits);
  }

  /**
   * Tells of instances that come and go, beginning with those that are there. Ends with its signal and with the client.
   * An instance has left when the server says that nobody listens as it, or when it is silent; not while this client is
   * cut off from the server.
   */
  watch(options: WatchOptions = {}): AsyncIterable<ServiceChange> {
    const { connection, closing } = this.shared;
    const signals = [options.signal, closing.signal].filter((signal) => signal !== undefined);
    return watch(this.shared.discovery, new Link(connection), { ...options, signal: AbortSignal.any(signals) });
  }

  /** Ends what is under way, and closes the connection if `connect` opened it. */
  async close(): Promise<void> {
    if (this.isDerived) return;
    this.shared.closing.abort();
    this.shared.inbox.close(new Error('the client is closed'));
    if (!this.ownsConnection || this.connection.isClosed()) return;
    // Producers are to hear that their streams are left; a server that does not answer is not waited for.
    await Promise.race([this.connection.flush().catch(() => undefined), delay(LAST_WORDS, undefined, { ref: false })]);
    await this.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private lookup(name: string, { version, id, group, subjects }: ServiceSelection): ServiceResolver {
    const { lookups, discovery } = this.shared;
    const key = JSON.stringify([name, version, id, group, subjects]);
    let lookup = lookups.get(key);
    if (lookup === undefined) {
      const source = {
        ask: (name: string) => discovery.ask('INFO', name),
        takesChunks: (reply: InfoResponse) => discovery.takesChunks(reply),
      };
      lookup = new ServiceResolver(source, name, { version, id, group, subjects });
      lookups.set(key, lookup);
    }
    return lookup;
  }

  private calls(): Calls {
    return new Calls(this.shared.inbox, this.shared.timeout, this.propagation, this.middleware);
  }
}
