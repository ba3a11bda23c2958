import type { MessageContext } from '../define/handler';
import type { Logger } from '../define/logger';
import type { Provision } from '../define/options';
import { codecNamed } from '../payload/codec';
import { validatorFor, type Validate } from '../payload/validator';
import type { ActiveMessages, PendingMessage } from '../pipeline/active';
import { HandlerLog } from '../pipeline/bound-log';
import type { Context, Execute } from '../pipeline/context';
import { Counter } from '../pipeline/counter';
import type { Handler } from '../pipeline/decode';
import { DEFAULT_MAX_PENDING, Limiter } from '../pipeline/limiter';
import { compose } from '../pipeline/middleware';
import type { HandlerRuntime } from '../pipeline/runtime';
import type { Stopping } from '../pipeline/stopping';
import type { Codec, Kind } from '../define/handler';
import type { HandlerPlan } from '../plan/handler-plan';
import type { PlanningSource } from '../plan/source';
import type { Connection, Subscription } from '../nats/connection';
import type { HostSettings } from './settings';

/**
 * A kind of handler: what its decorator leaves (`markHandler`), how its handlers are checked and planned, how they start
 * and stop, and what becomes of an outcome (a `Run` of its own).
 */
export interface Source extends PlanningSource {
  /**
   * When its handlers begin: `first`, and what arrives before `start` resolves is handled before any other handler of
   * the host begins; `last`, when all others have begun and discovery answers; without it, with the endpoints.
   */
  readonly begins?: 'first' | 'last';
  /**
   * Called once for all handlers of this source in a host, when there is a connection and before anything begins: for
   * what they need on the server. What it throws fails the start.
   */
  prepare?(plans: readonly HandlerPlan[], around: Preparation): Promise<void>;
  /**
   * Begins to take messages; what is refused at once or later goes to `around.onLost`. Only one that begins `first`
   * or `last` may take its time; what it throws fails the start, and what has begun is undone by `unsubscribe`.
   */
  start(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): RunningHandler | Promise<RunningHandler>;
}

/** What a source may use before its handlers begin. */
export interface Preparation {
  readonly connection: Connection;
  readonly logger: Logger;
  /** What to do about streams, consumers and buckets that are missing or differ. */
  readonly provision: Provision;
  /** Whose handlers they are, by name. */
  readonly services: readonly string[];
}

/**
 * What brings a handler its messages. A graceful stop calls `drain`, waits for the runs in `around.active`, up to
 * `stopTimeout`, after which each run that is left is aborted and `abandoned`, and then calls `unsubscribe` where
 * `isClosed()` is still false.
 */
export interface HandlerSubscription extends Omit<Subscription, 'unsubscribe'> {
  /** Whether it takes no messages at present, although it should; INFO goes without it, and the service is not ready. */
  readonly isLost: boolean;
  /** Takes nothing new for a while; resolves when every message that was under way has been delivered. */
  pause(): Promise<void>;
  resume(): void;
  /**
   * Takes nothing new any more; resolves when every message that was under way has been delivered. A kind whose messages
   * can be given back does so with those that wait (`Run.withdraw`).
   */
  drain(): Promise<void>;
  /** Leaves at once, also where it has not begun or is lost; a promise is waited for, not long at a stop. */
  unsubscribe(): void | Promise<void>;
}

/** A handler that takes messages. */
export interface RunningHandler {
  readonly plan: HandlerPlan;
  readonly counter: Counter;
  readonly subscription: HandlerSubscription;
  /** What the kind measures besides, for `service.stats()`: by name, within 200 ms; what fails or is late is left out. */
  readonly gauges?: () => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /**
   * Takes messages on another connection, too, with the same counter and limits, while the own one moves to another
   * server. Without it the handler is paused meanwhile: for kinds whose messages wait on the server.
   */
  startAlso?(around: HandlerSurroundings): HandlerSubscription;
}

/** What the handlers of one service instance share. */
export interface HandlerSurroundings {
  readonly settings: HostSettings;
  readonly identity: MessageContext['service'];
  /** The runs that a stop waits for; a `Run` adds and removes itself. */
  readonly active: ActiveMessages;
  /** Tells that a graceful stop has begun: `stopping.onBegin(listener)`. */
  readonly stopping: Stopping;
  /** Of the whole service; undefined where it sets no limit. */
  readonly limiter: Limiter<PendingMessage> | undefined;
  /** The server refuses a subject; before the host has started that fails the start, later it is logged. */
  readonly onLost: (subject: string, error: Error) => void;
  /** The server has accepted a subject that was lost. */
  readonly onRestored: (subject: string) => void;
}

/** How the runs of a kind differ from those of an endpoint. */
export interface RuntimeOptions {
  /**
   * Messages that find no place wait, however many, and their timeout begins when they do: for kinds that ask for no more
   * messages than they can take. Without it `maxPending` counts, and the timeout begins when a message comes.
   */
  readonly waits?: boolean;
}

/**
 * Puts together what the messages of a handler need: middleware around `core`, counter, limits. `core` is the innermost
 * step, decode, validate and handler: `invoker(taker(…))`, or whatever the kind does instead.
 */
export function runtimeOf<Ctx extends Context>(
  plan: HandlerPlan,
  core: Execute<Ctx>,
  { settings, identity, active, stopping, limiter }: HandlerSurroundings,
  { waits = false }: RuntimeOptions = {},
): HandlerRuntime {
  const { logger } = settings;
  const { kind, name, subject, queueGroup, metadata, where, params, limits, use } = plan;
  const own = limiterOf(limits);
  const log = new HandlerLog(logger, { service: identity.name, handler: name, kind });
  const level = settings.accessLog ? 'info' : 'debug';
  const report = (problem: string): void => log.warn({}, problem);
  return {
    service: identity,
    handler: Object.freeze({ name, subject, queueGroup, metadata }),
    params,
    timeout: limits.timeout ?? Infinity,
    maxBody: limits.maxBody,
    stopping,
    run: compose(kind as Kind, [...settings.use, ...use], core, where, report) as Execute,
    counter: new Counter(),
    limiters: [own, limiter].filter((one) => one !== undefined),
    waits,
    active,
    log,
    accessLog: (logger.isLevelEnabled?.(level) ?? true) ? level : undefined,
  };
}

/** How the bodies of a handler are read; no codec where it takes no payload. */
export function reading(plan: HandlerPlan, { validation }: HostSettings): Reading {
  const { payload } = plan;
  const codec = codecNamed(plan.codec);
  const { kind } = payload.kind === 'stream' ? payload.item : payload;
  return {
    codec: kind === 'none' ? undefined : kind === 'bytes' ? codecNamed('bytes') : codec,
    validate: validatorFor(payload, validation),
  };
}

/** How bodies become payloads. */
export interface Reading {
  readonly codec: Codec | undefined;
  readonly validate: Validate | undefined;
}

export function limiterOf({ concurrency, maxPending }: HandlerPlan['limits']): Limiter<PendingMessage> | undefined {
  return concurrency === undefined ? undefined : new Limiter(concurrency, maxPending ?? DEFAULT_MAX_PENDING);
}
