import { millisecondsOf } from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import type { Logger } from '../define/logger';
import type { Class, Provision } from '../define/options';
import { FACTORY_OPTIONS, type FactoryOptions } from './factory-options';
import { NatsServiceHost } from './host';
import { constructorProblem, containerOf, UserObjects } from './objects';
import { loggerOf } from './logger';
import { checkedOptions } from '../plan/options';
import type { ServicePlan } from '../plan/plan';
import { handlersBySource } from '../plan/source';
import { planServices } from '../plan/services';
import { givenInstances } from '../plan/targets';
import { payloadClassProblem } from '../payload/class-validator/check';
import { hasValidators } from '../payload/validator';
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

/** A service class, or an instance of a service class or of a group that a service mounts. */
// An array is not an instance; without the property it would be one, whatever it holds.
export type ServiceTarget = Class | (object & { readonly [Symbol.iterator]?: never });

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
  const logger = loggerOf(options.logger, options.redact);
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
      accessLog: options.accessLog ?? false,
      percentiles: options.percentiles ?? false,
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
  if (options.logger !== false) warnOfNeighbours(plans, connection, outlet, logger);
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

/** Rejects with the first failure, but not before all have ended: what has begun has to be undone. */
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

/** Leaves nothing of this attempt on the server; one that is away is not waited for. */
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
  const handlers = service.handlers
    .filter(({ kind }) => kind !== 'endpoint')
    .map(({ kind, name, subject }) => ({ kind, name, subject }));
  const { name, version, id } = service;
  return { service: name, version, id, endpoints, ...(handlers.length > 0 && { handlers }) };
}
