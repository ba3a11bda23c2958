import {
  checkOptions,
  checkConnection,
  isConnection,
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
import type { NatsConnection } from 'nats';
import { call } from './call/call';
import {
  SUBJECT_CALL_OPTIONS,
  SUBJECT_STREAM_OPTIONS,
  type SubjectCallOptions,
  type SubjectStreamOptions,
} from './call/call-options';
import type { Caller } from './call/caller';
import { SubjectDestination } from './call/destination';
import { publishEvent } from './call/publish';
import type { ReceivedEvent } from './call/received-event';
import { readReply } from './call/reply';
import { EventSubscription, type SubscribeOptions } from './call/subscribe';
import { timeoutOf } from './call/timeout-error';
import { request, type Reply } from './call/whole-reply';
import {
  CLIENT_OPTIONS,
  CONNECT_OPTIONS,
  type ClientOptions,
  type ClientStatus,
  type ConnectOptions,
} from './client-options';
import { Discovery, type Discovered } from './discovery/discovery';
import {
  gather,
  GATHER_OPTIONS,
  type EndpointAddress,
  type GatheredReply,
  type GatherOptions,
} from './discovery/gather';
import { Link } from './discovery/link';
import type { Gathered } from './discovery/replies';
import {
  checkedLimits,
  DEFAULT_LIMITS,
  REQUEST_MANY_OPTIONS,
  requestManyRaw,
  type GatherLimits,
  type RawReply,
  type RequestManyOptions,
} from './discovery/request-many';
import { watch, WATCH_OPTIONS, type WatchOptions } from './discovery/watch';
import type { ServiceChange } from './discovery/watching';
import { MiddlewareStack, type ClientMiddleware } from './middleware';
import { ClientConnection } from './nats/client-connection';
import { connect } from './nats/connect';
import { anySignal, NO_PROPAGATION, propagationOf, type Carrier } from './propagation';
import type { AnyService, ServiceProxy } from './service/proxy';
import { proxyOf, SELECTOR_OPTIONS, Services, type ServiceSelector } from './service/service';
import { stream } from './stream/stream';

const DEFAULT_TIMEOUT = 5_000;

/** What a client shares with the clients that `with` makes of it. */
interface Shared<C extends Connection> {
  readonly link: ClientConnection<C>;
  readonly discovery: Discovery;
  readonly services: Services;
}

/** Finds services and calls them, whatever language they are written in. */
export class ServiceClient<C extends Connection = Connection>
  implements EventPublisher<PublishOptions, void>, AsyncDisposable
{
  private readonly shared: Shared<C>;
  private readonly caller: Caller;
  private isDerived = false;

  /** @param connection stays open when the client is closed */
  constructor(connection: C, options: ClientOptions = {}) {
    checkConnection(connection, 'a ServiceClient', 'ServiceClient.connect() makes one');
    checkOptions(options, CLIENT_OPTIONS, 'new ServiceClient()');
    const link = new ClientConnection(connection, options.inboxes);
    const { inbox } = link;
    const limits = checkedLimits(options.discovery ?? {}, DEFAULT_LIMITS);
    const discovery = new Discovery(inbox, limits, options.prefix ?? '$SRV');
    this.shared = { link, discovery, services: new Services(discovery) };
    this.caller = {
      inbox,
      timeout: timeoutOf(options.timeout, DEFAULT_TIMEOUT),
      propagation: NO_PROPAGATION,
      middleware: new MiddlewareStack(),
    };
  }

  /**
   * Makes a client, and the connection too unless a live one is given.
   * @throws Error when there is no connection
   */
  static async connect<C extends Connection = NatsConnection>(
    options: ConnectOptions<C> = {},
  ): Promise<ServiceClient<C>> {
    checkOptions(options, CONNECT_OPTIONS, 'ServiceClient.connect()');
    const { connection: given, ...own } = options;
    if (given !== undefined && isConnection(given)) return new ServiceClient(given, own);
    const client = new ServiceClient((await connect(given)) as Connection as C, own);
    client.shared.link.isOwn = true;
    return client;
  }

  /** The client library's own connection. */
  get connection(): C {
    return this.shared.link.connection;
  }

  /** Whether services can be reached; `closed` also after `close()`, where the connection may live on. */
  get status(): ClientStatus {
    return this.shared.link.status;
  }

  /**
   * Finds a service by INFO, and gives its methods, typed by its class. What was found is kept for as long as somebody
   * answers.
   * @throws ServiceError 503 when nobody answers as that service
   * @throws Error that names the versions found, when none is in the range
   * @throws DiscoveryError when nobody's INFO can be used
   */
  async service<T = AnyService>(name: string, options: ServiceSelector = {}): Promise<ServiceProxy<T>> {
    checkOptions(options, SELECTOR_OPTIONS, 'service()');
    const resolver = this.shared.services.resolver(name, options);
    await resolver.ready();
    return proxyOf<T>(this.caller, resolver, options);
  }

  /**
   * Calls whatever listens on a subject.
   * @throws ServiceError with the service's code, description and data; 503 when nobody listens, at once
   * @throws TimeoutError when no reply comes in time
   */
  async call<Reply = unknown>(subject: string, payload?: unknown, options: SubjectCallOptions = {}): Promise<Reply> {
    checkOptions(options, SUBJECT_CALL_OPTIONS, 'call()');
    const destination = new SubjectDestination(subject, options);
    return (await call(this.caller, destination, payload, options, readReply)) as Reply;
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
    checkOptions(options, SUBJECT_CALL_OPTIONS, 'request()');
    return request<Data>(this.caller, subject, payload, options);
  }

  /**
   * Wraps every call, publish and stream of this client and of those made of it by `with`, in the order of `use`. On a
   * client made by `with` it is that client's alone. Proxies that exist are wrapped, too.
   */
  use(middleware: ClientMiddleware): this {
    this.caller.middleware.add(middleware);
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
    await publishEvent(this.caller, event, payload, options);
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
    return new EventSubscription<E>(this.caller.inbox, events, options, this.shared.link.closed);
  }

  /**
   * Reads a stream from whatever listens on a subject. The request is sent when the first item is asked for; leaving the
   * loop stops the producer.
   * @throws StreamError when an item is missing or the producer is gone, ServiceError and TimeoutError as `call`
   */
  stream<Item = unknown>(subject: string, payload?: unknown, options: SubjectStreamOptions = {}): AsyncIterable<Item> {
    checkOptions(options, SUBJECT_STREAM_OPTIONS, 'stream()');
    return stream<Item>(this.caller, new SubjectDestination(subject, options), payload, options);
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
    checkOptions(options, GATHER_OPTIONS, 'gather()');
    return gather<Reply>(this.caller, this.shared.services, target, payload, options);
  }

  /**
   * Asks all who listen on a subject, and gathers the replies as they come, errors too, for a bounded time as `gather`.
   * The request has the given headers alone, and is not wrapped by middleware: for programs that look at services from outside.
   */
  requestMany(subject: string, body?: Uint8Array, options: RequestManyOptions = {}): Gathered<RawReply> {
    checkOptions(options, REQUEST_MANY_OPTIONS, 'requestMany()');
    return requestManyRaw(this.caller.inbox, subject, body, options);
  }

  /**
   * A client whose calls carry on a request's deadline, cancellation and trace headers (`traceparent`, `tracestate`,
   * `baggage`); it shares all else, and closing it does nothing.
   */
  with(ctx: Carrier): ServiceClient<C> {
    const client = Object.create(ServiceClient.prototype) as ServiceClient<C>;
    const { inbox, timeout, propagation, middleware } = this.caller;
    const caller: Caller = {
      inbox,
      timeout,
      propagation: propagationOf(ctx, propagation),
      middleware: new MiddlewareStack(middleware),
    };
    return Object.assign(client, { shared: this.shared, caller, isDerived: true });
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
    checkOptions(options, WATCH_OPTIONS, 'watch()');
    const { link, discovery } = this.shared;
    return watch(discovery, new Link(link.connection), { ...options, signal: anySignal(options.signal, link.closed) });
  }

  /** Ends all calls, streams and watches, and closes the connection if `connect` opened it. */
  async close(): Promise<void> {
    if (!this.isDerived) await this.shared.link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
