import { millisecondsOf, type Duration } from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import type { Middleware } from '../define/handler';
import type { Logger } from '../define/logger';
import type { Class, Provision } from '../define/options';
import { FACTORY_OPTIONS } from './factory-options';
import { NatsServiceHost } from './host';
import { constructorProblem, containerOf, UserObjects, type Container, type ContainerOf } from './objects';
import { loggerOf } from './logger';
import { checkedOptions } from '../plan/options';
import type { ServicePlan } from '../plan/plan';
import { handlersBySource } from '../plan/source';
import { planServices } from '../plan/services';
import { givenInstances } from '../plan/targets';
import { payloadClassProblem } from '../payload/class-validator/check';
import { hasValidators, type ValidatorOptions } from '../payload/validator';
import { ServiceInstance } from '../service/instance';
import { refuseCaptured } from '../service/captured';
import { warnOfNeighbours } from '../service/neighbours';
import { CORE_KINDS } from '../sources/kinds';
import type { HostSettings } from '../sources/settings';
import { publishedPreparations } from '../sources/published';
import type { Source } from '../sources/source';
import { TimeLeft } from '../service/time-left';
import { connect } from '../nats/connect';
import { closeInTime } from '../nats/close';
import { isConnection, type Connection } from '../nats/connection';
import { outletOf } from '../nats/outlet';

/** `C`, which the compiler is not to guess from here: what a container would like does not decide the connection. */
// NoInfer came with TypeScript 5.4.
type Settled<C> = [C][C extends unknown ? 0 : never];

/** A service class, or an instance of a service class or of a group that a service mounts. */
// An array is no instance; without the property it would be one, whatever it holds.
export type ServiceTarget = Class | (object & { readonly [Symbol.iterator]?: never });

/** What `NatsServiceFactory.create` takes besides classes and instances. */
export interface FactoryOptions<C extends Connection = NatsConnection> {
  /**
   * A live connection of `nats` 2 or `@nats-io/transport-node` 3, or options to connect with `nats` 2.
   * Default: the environment (`NATS_URL` and the credentials of the `nats` command), else `nats://127.0.0.1:4222`.
   */
  connection?: C | ConnectionOptions;
  /**
   * Makes the instances of the classes that are given as classes; without one, they are made with `new`. A function gets
   * the host's connection, to make what the classes need of it (a client, a publisher); the host closes the connection.
   */
  container?: Container | ContainerOf<Settled<C>>;
  /** Middleware around every endpoint. */
  use?: readonly Middleware[];
  /** Default pino; `false` for none. */
  logger?: Logger | false;
  /** Whether SIGINT and SIGTERM stop the host; default true. */
  signals?: boolean;
  /** Milliseconds, or a string such as `'30s'`, that stop waits for running handlers; default 10,000. */
  stopTimeout?: Duration;
  /** Bytes of a request's body, where service and endpoint set no `maxBody`; default 1 MiB, at most 64 MiB. */
  maxBody?: number;
  /**
   * Prefixes, besides `_INBOX` and `_R_`, of subjects that streams, uploads and bodies in chunks may be sent to: those of
   * clients with an inbox prefix of their own. That of the service's own connection is among them.
   */
  inboxes?: readonly string[];
  /** What to do about the streams, consumers and buckets that the classes need; default `ensure`. */
  provision?: Provision;
  /** class-validator's options, on top of natsmith's (`whitelist: true`). */
  validation?: ValidatorOptions;
}

const DEFAULT_STOP_TIMEOUT = 10_000;
/** ms that a failed start waits for the server. */
const FLUSH_TIMEOUT = 1000;

/**
 * Resolves when every service is connected, subscribed and discoverable; else rejects and leaves nothing behind.
 * @param target a class with `@Service`, or an instance of one, or several; instances of mounted groups beside them
 * @throws DefinitionError with every mistake in the classes, before a connection is made
 * @throws Error when there is no connection, the server refuses a subject, or a class fails to start
 */
function create(
  target: ServiceTarget | readonly ServiceTarget[],
  options?: FactoryOptions & { connection?: ConnectionOptions },
): Promise<NatsServiceHost<NatsConnection>>;
function create<C extends Connection = NatsConnection>(
  target: ServiceTarget | readonly ServiceTarget[],
  options?: FactoryOptions<C>,
): Promise<NatsServiceHost<C>>;
async function create<C extends Connection>(
  target: ServiceTarget | readonly ServiceTarget[],
  given: FactoryOptions<C> = {},
): Promise<NatsServiceHost<C>> {
  const hostProblems: string[] = [];
  const options = checkedOptions<FactoryOptions<C>>(given, FACTORY_OPTIONS, 'create()', (problem) =>
    hostProblems.push(problem),
  );
  const targets: readonly unknown[] = Array.isArray(target) ? target : [target];
  const plans = planServices(targets, {
    payloads: { hasValidators, problem: payloadClassProblem },
    constructorProblem: options.container ? () => undefined : constructorProblem,
    kinds: CORE_KINDS,
    host: options,
    hostProblems,
  });
  const logger = loggerOf(options.logger);
  const stopTimeout = millisecondsOf(options.stopTimeout ?? DEFAULT_STOP_TIMEOUT);

  const source = options.connection;
  const ownsConnection = source === undefined || !isConnection(source);
  if (!ownsConnection && (source.isClosed() || source.isDraining()))
    throw new Error('the given connection is closed or closing; pass a live one, or options to connect with');
  const connection = ownsConnection ? ((await connect(source)) as Connection as C) : source;
  const objects = new UserObjects(givenInstances(targets), logger);
  const services: ServiceInstance[] = [];
  const outlet = outletOf(connection, logger, options.inboxes);
  try {
    await refuseCaptured(plans, connection, outlet, logger);
    // Before any object: what its onStart publishes needs the streams.
    await prepareSources(plans, connection, logger, options.provision ?? 'ensure');
    const { container } = await containerOf(options.container, connection);
    await objects.start(plans, container);
    const settings: HostSettings = {
      connection,
      outlet,
      logger,
      use: options.use ?? [],
      validation: options.validation ?? {},
      stopTimeout,
      objects,
    };
    for (const plan of plans) services.push(new ServiceInstance(plan, settings));
    for (const start of ['startFirst', 'start', 'startLast'] as const)
      await allSettled(services.map((service) => service[start]()));
  } catch (error) {
    await Promise.all(services.map((service) => service.leave()));
    await stopInTime(objects, stopTimeout);
    await untilServerKnows(connection);
    if (ownsConnection) await closeInTime(connection, logger);
    throw error;
  }
  for (const service of services) logger.info(startLine(service), 'service started');
  const host = new NatsServiceHost(
    { connection, ownsConnection, services, objects, logger },
    options.signals !== false,
  );
  if (options.logger !== false) warnOfNeighbours(plans, outlet, logger);
  return host;
}

/** Lets each kind of handler see to what its handlers need on the server, and to what published events need. */
async function prepareSources(
  plans: readonly ServicePlan[],
  connection: Connection,
  logger: Logger,
  provision: Provision,
): Promise<void> {
  const around = { connection, logger, provision };
  for (const [source, handlers] of handlersBySource(plans)) {
    const services = [...new Set(handlers.map(({ service }) => service.name))];
    await (source as Source).prepare?.(
      handlers.map(({ plan }) => plan),
      { ...around, services },
    );
  }
  const publishing = plans.filter(({ publishes }) => publishes.length > 0);
  if (publishing.length === 0) return;
  const events = [...new Set(publishing.flatMap(({ publishes }) => publishes))];
  const services = publishing.map(({ name }) => name);
  for (const prepare of publishedPreparations()) await prepare(events, { ...around, services });
}

/** Rejects with the first failure, but not before all have ended: what has begun is to be taken back. */
async function allSettled(starting: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(starting);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Starts decorated classes as NATS services. */
export const NatsServiceFactory = { create };

async function stopInTime(objects: UserObjects, stopTimeout: number): Promise<void> {
  const timeLeft = new TimeLeft();
  timeLeft.start(stopTimeout);
  await objects.stopAll(timeLeft.up);
  timeLeft.end();
}

/** Whoever comes next is to find nothing of this attempt on the server; one that is away is not waited for. */
async function untilServerKnows(connection: Connection): Promise<void> {
  if (connection.isClosed()) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_TIMEOUT)));
  await Promise.race([connection.flush().catch(() => undefined), late]);
  clearTimeout(timer);
}

function startLine(service: ServiceInstance): object {
  const endpoints = service.handlers
    .filter(({ kind }) => kind === 'endpoint')
    .map(({ name, subject, queueGroup }) => ({ name, subject, queueGroup }));
  return { service: service.name, version: service.version, id: service.id, endpoints };
}
