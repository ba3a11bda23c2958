import { setImmediate as nextTurn } from 'node:timers/promises';
import { nuid } from '@nats-io/nuid';
import { joinMoves, type InfoResponse, type PingResponse } from '@natsmith/protocol';
import type { EndpointOptions, GroupOptions } from '../define/options';
import type { ServicePlan } from '../plan/plan';
import { ActiveMessages } from '../pipeline/active';
import { Stopping } from '../pipeline/stopping';
import type { Connection } from '../nats/connection';
import type { KeptSubscription } from '../nats/kept-subscription';
import { endpointHost } from './added-endpoints';
import { Discovery } from './discovery';
import { Handlers } from './handlers';
import { limiterOf, type HandlerSubscription, type HandlerSurroundings } from '../sources/source';
import { ServiceMove } from './service-move';
import type { AddedHandler, EndpointHost, HandlerStatus, RunningService, ServiceStats } from './service';
import type { HostSettings } from '../sources/settings';
import { stopService } from './stop';
import { TimeLeft } from './time-left';

/** One instance of a service: its endpoints, its discovery replies, its end. */
export class ServiceInstance implements RunningService {
  readonly id = nuid.next();
  readonly stopped: Promise<Error | null>;
  private readonly handlerList: Handlers;
  private readonly adding: EndpointHost;
  private control: KeptSubscription[] = [];
  private move: ServiceMove | undefined;
  private leaveMoves: () => void = () => undefined;
  private readonly active = new ActiveMessages();
  private readonly around: HandlerSurroundings;
  private isStarting = true;
  private startError: Error | undefined;
  private readonly discovery: Discovery;
  private stopping: Promise<Error | null> | undefined;
  private readonly timeLeft = new TimeLeft();
  /** How running requests learn of the stop. */
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
    this.handlerList = new Handlers(plan.handlers, settings.objects, this.around);
    this.discovery = new Discovery(this.id, plan, this.handlerList, settings);
    this.adding = endpointHost({
      plan,
      handlers: this.handlerList,
      around: this.around,
      checkOpen: () => {
        if (this.stopping !== undefined)
          throw new Error(`service "${plan.name}" has stopped; no endpoint can be added`);
      },
      onChange: () => this.discovery.forgetInfo(),
      cannotSubscribe: (cause) => this.cannotSubscribe(cause),
    });
  }

  get name(): string {
    return this.plan.name;
  }

  get version(): string {
    return this.plan.version;
  }

  /** Starts the handlers that come before those of all services of the host, such as watches. */
  async startFirst(): Promise<void> {
    await this.handlerList.start('first');
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
  }

  /** Subscribes the endpoints, then discovery; rejects when the server refuses a subject. */
  async start(): Promise<void> {
    await this.handlerList.start(undefined);
    this.control = this.subscribeControl(this.settings.connection);
    // The server works in order: when it answers the flush, it has accepted or refused every subscription.
    await this.settings.connection.flush();
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
    this.discovery.restart();
    this.move = new ServiceMove({
      handlers: this.handlerList,
      control: this.control,
      around: this.around,
      subscribeControl: (connection) => this.subscribeControl(connection),
    });
    this.leaveMoves = joinMoves(this.settings.connection, this.move);
  }

  /** Starts the handlers that come after those of all services of the host, such as consumers. */
  async startLast(): Promise<void> {
    if (await this.handlerList.start('last')) {
      await this.settings.connection.flush();
      // That a publication is not permitted is reported on the status stream, a turn later than a subscription.
      await nextTurn();
    }
    if (this.startError !== undefined) throw this.cannotSubscribe(this.startError);
    this.isStarting = false;
    this.discovery.forgetInfo();
  }

  /** Leaves all subjects at once: at the end of a stop, or when the host cannot come up. */
  async leave(): Promise<void> {
    const open = this.subscriptions().filter((subscription) => !subscription.isClosed());
    await Promise.allSettled(open.map(async (subscription) => subscription.unsubscribe()));
  }

  get handlers(): readonly HandlerStatus[] {
    return this.handlerList.status;
  }

  ping(): PingResponse {
    return this.discovery.ping();
  }

  info(): InfoResponse {
    return this.discovery.info();
  }

  stats(): Promise<ServiceStats> {
    return this.discovery.stats();
  }

  reset(): void {
    for (const { counter } of this.handlerList.running) counter.reset();
    this.discovery.restart();
  }

  addEndpoint<Payload = never>(
    name: string,
    handler: AddedHandler<Payload>,
    options: Omit<EndpointOptions, 'name'> = {},
  ): Promise<void> {
    return this.adding.addEndpoint(name, handler, options);
  }

  addGroup(prefix: string, options: Omit<GroupOptions, 'groups'> = {}): EndpointHost {
    return this.adding.addGroup(prefix, options);
  }

  stop(error?: Error): Promise<Error | null> {
    this.stopping ??= this.runStop(error ?? null);
    return this.stopping;
  }

  /** Makes a stop go on at once: requests that still run are aborted and answered with 503. */
  force(): void {
    this.timeLeft.expire();
  }

  private async runStop(error: Error | null): Promise<Error | null> {
    const { settings, timeLeft, move, notice } = this;
    const about = { service: this.name, id: this.id };
    timeLeft.start(settings.stopTimeout);
    this.leaveMoves();
    await stopService({
      about,
      settings,
      classes: this.plan.classes,
      timeLeft,
      notice,
      active: move === undefined ? [this.active] : [this.active, move.active],
      subscriptions: [
        ...this.handlerList.running.map(({ subscription }) => subscription),
        ...(move?.subscriptions ?? []),
      ],
      leave: () => this.leave(),
    });
    timeLeft.end();
    settings.logger.info({ ...about, ...(error && { err: error }) }, 'service stopped');
    this.resolveStopped(error);
    return error;
  }

  private subscribeControl(connection: Connection): KeptSubscription[] {
    return this.discovery.subscribe(connection, (subject) => ({
      onLost: (error) => this.noteLost(subject, error),
      onRestored: () => this.noteRestored(subject),
    }));
  }

  private noteLost(subject: string, err: Error): void {
    if (this.isStarting) return void (this.startError ??= err);
    this.discovery.forgetInfo();
    this.settings.logger.error(
      { service: this.name, id: this.id, subject, err },
      `the NATS server has ended the subscription to ${subject}; INFO goes without it until it is back`,
    );
  }

  private noteRestored(subject: string): void {
    this.discovery.forgetInfo();
    this.settings.logger.info({ service: this.name, id: this.id, subject }, `subscribed to ${subject} again`);
  }

  private cannotSubscribe(cause: Error): Error {
    return new Error(`service "${this.name}" cannot subscribe: ${cause.message}`, { cause });
  }

  private subscriptions(): (HandlerSubscription | KeptSubscription)[] {
    const guests = this.move?.subscriptions ?? [];
    return [...this.handlerList.running.map(({ subscription }) => subscription), ...this.control, ...guests];
  }
}
