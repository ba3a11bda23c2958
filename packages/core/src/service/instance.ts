import { nuid } from '@nats-io/nuid';
import {
  joinMoves,
  REPLY_TYPES,
  type InfoResponse,
  type PingResponse,
  type ServiceIdentity,
  type StatsResponse,
} from '@natsmith/protocol';
import type { GroupMark } from '../define/metadata';
import type { EndpointOptions, GroupOptions, StatsHandlerMethod } from '../define/options';
import { checkAddedGroup, planAddedEndpoint } from '../plan/added-endpoint';
import type { HandlerPlan } from '../plan/handler-plan';
import type { ServicePlan } from '../plan/plan';
import { ActiveMessages } from '../pipeline/active';
import type { Handler } from '../pipeline/invoke';
import { Stopping } from '../pipeline/stopping';
import { payloadClassProblem } from '../payload/class-validator/check';
import { hasValidators } from '../payload/validator';
import type { Connection } from '../nats/connection';
import type { KeptSubscription } from '../nats/kept-subscription';
import { subscribeControl } from './control';
import { startEndpoint } from '../sources/endpoint';
import {
  limiterOf,
  type HandlerSubscription,
  type HandlerSurroundings,
  type RunningHandler,
  type Source,
} from '../sources/source';
import { infoReply } from './info';
import { ServiceMove } from './service-move';
import type { AddedHandler, EndpointHost, HandlerStatus, RunningService } from './service';
import type { HostSettings } from '../sources/settings';
import { statsReply } from './stats';
import { TimeLeft } from './time-left';

// Milliseconds that are left for the last steps of a stop whose time is up; stop as a whole takes a second more at most.
const FLUSH_GRACE = 150;
const ON_STOP_GRACE = 300;

/** One instance of a service: its endpoints, its discovery replies, its end. */
export class ServiceInstance implements RunningService {
  readonly id = nuid.next();
  readonly stopped: Promise<Error | null>;
  private readonly endpoints: RunningHandler[] = [];
  private control: KeptSubscription[] = [];
  private move: ServiceMove | undefined;
  private leaveMoves: () => void = () => undefined;
  private readonly active = new ActiveMessages();
  private readonly around: HandlerSurroundings;
  private started = new Date();
  private isStarting = true;
  private startError: Error | undefined;
  /** INFO as it goes out; undefined when the endpoints have changed since it was made. */
  private infoBody: Buffer | undefined;
  /** The max_payload that it was made for. */
  private infoFits = 0;
  private stopping: Promise<Error | null> | undefined;
  private readonly timeLeft = new TimeLeft();
  /** What running requests are told of the stop. */
  private readonly notice = new Stopping();
  private resolveStopped!: (error: Error | null) => void;

  constructor(
    readonly plan: ServicePlan,
    private readonly settings: HostSettings,
  ) {
    this.stopped = new Promise((resolve) => (this.resolveStopped = resolve));
    const { name, version } = plan;
    this.around = {
      settings,
      identity: Object.freeze({ name, version, id: this.id }),
      active: this.active,
      stopping: this.notice,
      limiter: limiterOf(plan.limits),
      onLost: (subject, error) => this.noteLost(subject, error),
      onRestored: (subject) => this.noteRestored(subject),
    };
  }

  get name(): string {
    return this.plan.name;
  }

  get version(): string {
    return this.plan.version;
  }

  /** Starts the handlers that come before those of all services of the host, such as watches. */
  async startFirst(): Promise<void> {
    await this.startSources('first');
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
  }

  /** Starts the handlers that come after those of all services of the host, such as consumers. */
  async startLast(): Promise<void> {
    await this.startSources('last');
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
    this.isStarting = false;
    this.infoBody = undefined;
  }

  /** Subscribes the endpoints, then discovery; rejects when the server refuses a subject. */
  async start(): Promise<void> {
    for (const plan of this.plan.endpoints) this.endpoints.push(startEndpoint(plan, this.handlerOf(plan), this.around));
    await this.startSources(undefined);
    this.control = this.subscribeControl(this.settings.connection);
    // The server works in order: when it answers the flush, it has accepted or refused every subscription.
    await this.settings.connection.flush();
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
    this.started = new Date();
    this.move = new ServiceMove({
      endpoints: this.endpoints,
      control: this.control,
      around: this.around,
      subscribeControl: (connection) => this.subscribeControl(connection),
    });
    this.leaveMoves = joinMoves(this.settings.connection, this.move);
  }

  /** Takes back what `start` did, when the host cannot come up. */
  async abandon(): Promise<void> {
    const open = this.subscriptions().filter((subscription) => !subscription.isClosed());
    await Promise.allSettled(open.map(async (subscription) => subscription.unsubscribe()));
  }

  get handlers(): readonly HandlerStatus[] {
    return this.endpoints.map(({ plan: { kind, name, subject, queueGroup }, subscription }) => ({
      kind,
      name,
      subject,
      queueGroup,
      isTaking: !subscription.isLost && !subscription.isClosed(),
    }));
  }

  ping(): PingResponse {
    return { type: REPLY_TYPES.PING, ...this.identity() };
  }

  info(): InfoResponse {
    return JSON.parse(this.encodedInfo().toString()) as InfoResponse;
  }

  stats(): Promise<StatsResponse> {
    const { statsHandler } = this.plan;
    const { outlet, objects, logger } = this.settings;
    let handler: StatsHandlerMethod | undefined;
    if (statsHandler !== undefined) {
      const instance = objects.get(this.plan.class) as Record<string, StatsHandlerMethod>;
      handler = (endpoint) => instance[statsHandler]?.(endpoint);
    }
    return statsReply(this.identity(), this.started, this.endpoints, handler, outlet.maxPayload, logger);
  }

  reset(): void {
    for (const { counter } of this.endpoints) counter.reset();
    this.started = new Date();
  }

  addEndpoint<Payload = never>(
    name: string,
    handler: AddedHandler<Payload>,
    options: Omit<EndpointOptions, 'name'> = {},
  ): Promise<void> {
    return this.addEndpointIn([], name, handler, options);
  }

  addGroup(prefix: string, options: Omit<GroupOptions, 'groups'> = {}): EndpointHost {
    return this.addGroupIn([], { prefix, options });
  }

  stop(error?: Error): Promise<Error | null> {
    this.stopping ??= this.runStop(error ?? null);
    return this.stopping;
  }

  /** Makes a stop go on at once: requests that still run are aborted and answered with 503. */
  force(): void {
    this.timeLeft.cut();
  }

  private async runStop(error: Error | null): Promise<Error | null> {
    const { logger, stopTimeout, objects } = this.settings;
    const { timeLeft } = this;
    const about = { service: this.name, id: this.id };
    timeLeft.start(stopTimeout);
    // Leave the queue groups; what was under way is still delivered, and answered.
    this.leaveMoves();
    const guests = this.move?.subscriptions ?? [];
    const subscriptions = [...this.endpoints.map(({ subscription }) => subscription), ...guests];
    const drained = Promise.allSettled(subscriptions.map(leave));
    this.notice.begin();
    const finished = drained.then(() => Promise.all([this.active.idle(), this.move?.active.idle()])).then(() => true);
    if (!(await Promise.race([finished, timeLeft.up]))) {
      logger.warn(about, 'stop does not wait any longer for running requests');
      this.active.cut();
      this.move?.active.cut();
    }
    const left = this.abandon();
    // The server works in order: when it answers, the replies are out, and nobody finds the service any more.
    const flushed = Promise.all([left, flush(this.settings)]).then(() => true);
    if (!(await Promise.race([flushed, timeLeft.beyond(FLUSH_GRACE)])))
      logger.warn(about, 'stop does not wait any longer for the server to take the last replies');
    await objects.release(this.plan.classes, timeLeft.beyond(ON_STOP_GRACE));
    timeLeft.end();
    logger.info({ ...about, ...(error && { err: error }) }, 'service stopped');
    this.resolveStopped(error);
    return error;
  }

  /** Rejects with the first failure, but not before all have begun or failed: what has begun is to be taken back. */
  private async startSources(begins: Source['begins']): Promise<void> {
    const starting = this.plan.handlers.filter(({ source }) => (source as Source).begins === begins);
    const results = await Promise.allSettled(
      starting.map(async ({ source, plan }) => {
        this.endpoints.push(await (source as Source).start(plan, this.handlerOf(plan), this.around));
      }),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  private addGroupIn(outer: readonly GroupMark[], group: GroupMark): EndpointHost {
    checkAddedGroup(group);
    const groups = [...outer, group];
    return {
      addEndpoint: (name, handler, options = {}) => this.addEndpointIn(groups, name, handler, options),
      addGroup: (prefix, options = {}) => this.addGroupIn(groups, { prefix, options }),
    };
  }

  private addEndpointIn(
    groups: readonly GroupMark[],
    name: string,
    handler: Handler,
    options: Omit<EndpointOptions, 'name'>,
  ): Promise<void> {
    if (this.stopping !== undefined) throw new Error(`service "${this.name}" has stopped; no endpoint can be added`);
    const existing = this.endpoints.map((endpoint) => endpoint.plan);
    const plan = planAddedEndpoint(this.plan, existing, groups, name, handler, options, {
      hasValidators,
      problem: payloadClassProblem,
    });
    let refusal: Error | undefined;
    let isKnown = false;
    const onLost = (subject: string, error: Error): void => {
      if (isKnown) this.noteLost(subject, error);
      else refusal = error;
    };
    const endpoint = startEndpoint(plan, handler, { ...this.around, onLost });
    this.endpoints.push(endpoint);
    this.infoBody = undefined;
    const known = this.settings.connection.flush().then(() => {
      isKnown = true;
      if (refusal === undefined) return;
      void endpoint.subscription.unsubscribe();
      this.endpoints.splice(this.endpoints.indexOf(endpoint), 1);
      this.infoBody = undefined;
      throw this.cannotSubscribe(refusal);
    });
    // Callers that do not wait need not hear of a connection that closes meanwhile.
    known.catch(() => undefined);
    return known;
  }

  private subscribeControl(connection: Connection): KeptSubscription[] {
    const ping = encode(this.ping());
    return subscribeControl(
      connection,
      this.name,
      this.id,
      { PING: () => ping, INFO: () => this.encodedInfo(), STATS: async () => encode(await this.stats()) },
      this.settings.outlet.replySubjects,
      this.settings.logger,
      (subject) => ({
        onLost: (error) => this.noteLost(subject, error),
        onRestored: () => this.noteRestored(subject),
      }),
    );
  }

  private handlerOf({ target }: HandlerPlan): Handler {
    if (target === undefined) throw new Error('a planned handler has no method'); // plans of classes always have one
    const { method } = target;
    const instance = this.settings.objects.get(target.class) as Record<string, Handler>;
    // Looked up for each request, so that a test can put a spy in the method's place.
    return (payload, ctx) => instance[method]?.(payload, ctx);
  }

  private encodedInfo(): Buffer {
    const { outlet, logger, validation } = this.settings;
    // Another server, or the same one after a change, may take less or more.
    if (this.infoFits !== outlet.maxPayload) this.infoBody = undefined;
    this.infoFits = outlet.maxPayload;
    this.infoBody ??= encode(
      infoReply(
        this.identity(),
        this.plan,
        this.endpoints.filter(({ subscription }) => !subscription.isLost).map(({ plan }) => plan),
        outlet.maxPayload,
        logger,
        validation,
      ),
    );
    return this.infoBody;
  }

  private noteLost(subject: string, err: Error): void {
    if (this.isStarting) return void (this.startError ??= err);
    this.infoBody = undefined;
    this.settings.logger.error(
      { service: this.name, id: this.id, subject, err },
      `the NATS server has ended the subscription to ${subject}; INFO goes without it until it is back`,
    );
  }

  private noteRestored(subject: string): void {
    this.infoBody = undefined;
    this.settings.logger.info({ service: this.name, id: this.id, subject }, `subscribed to ${subject} again`);
  }

  private cannotSubscribe(cause: Error): Error {
    return new Error(`service "${this.name}" cannot subscribe: ${cause.message}`, { cause });
  }

  private identity(): ServiceIdentity {
    const { name, version, metadata } = this.plan;
    return { name, id: this.id, version, metadata: { ...metadata } };
  }

  private subscriptions(): (HandlerSubscription | KeptSubscription)[] {
    const guests = this.move?.subscriptions ?? [];
    return [...this.endpoints.map(({ subscription }) => subscription), ...this.control, ...guests];
  }
}

function encode(reply: object): Buffer {
  return Buffer.from(JSON.stringify(reply));
}

async function leave(subscription: HandlerSubscription): Promise<void> {
  if (!subscription.isClosed()) await subscription.drain();
}

async function flush({ connection, outlet }: HostSettings): Promise<void> {
  if (!connection.isClosed()) await outlet.flush().catch(() => undefined);
}
