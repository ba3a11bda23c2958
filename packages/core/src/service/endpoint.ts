import { uncreditedFor } from '@natsmith/protocol';
import type { RequestContext } from '../define/handler';
import type { EndpointPlan } from '../plan/plan';
import { handlerOf, hasDefault } from '../plan/handler';
import type { ActiveRequests, PendingRequest } from '../pipeline/active';
import { codecNamed } from '../payload/codec';
import { RefusedReplies } from '../reply/refused-replies';
import { Counter } from '../pipeline/counter';
import { orDefault } from '../payload/default-payload';
import type { EndpointRuntime } from '../reply/endpoint-runtime';
import { handle } from '../reply/handle';
import { invoker, type Handler } from '../reply/invoke';
import { DEFAULT_MAX_PENDING, Limiter } from '../pipeline/limiter';
import { compose } from '../pipeline/middleware';
import type { Stopping } from '../pipeline/stopping';
import { streamInvoker } from '../reply/upload';
import { validatorFor } from '../payload/validate';
import { KeptSubscription } from '../nats/kept-subscription';
import type { InstanceSettings } from './settings';

/** An endpoint that answers requests. */
export interface RunningEndpoint {
  readonly plan: EndpointPlan;
  readonly counter: Counter;
  readonly subscription: KeptSubscription;
  readonly runtime: EndpointRuntime;
  readonly handler: Handler;
}

/** What the endpoints of one service instance share. */
export interface EndpointSurroundings {
  readonly settings: InstanceSettings;
  readonly identity: RequestContext['service'];
  readonly active: ActiveRequests;
  readonly stopping: Stopping;
  /** Of the whole service; undefined where it sets no limit. */
  readonly limiter: Limiter<PendingRequest> | undefined;
  /** The server refuses a subject, at the start or later. */
  readonly onLost: (subject: string, error: Error) => void;
  /** The server has accepted a subject that was lost. */
  readonly onRestored: (subject: string) => void;
}

/** Puts together what an endpoint's requests need, and subscribes it. */
export function startEndpoint(plan: EndpointPlan, handler: Handler, around: EndpointSurroundings): RunningEndpoint {
  const counter = new Counter();
  const runtime = runtimeOf(plan, handler, counter, around);
  return { plan, counter, subscription: subscribe(plan, runtime, around), runtime, handler };
}

/** Subscribes the same endpoint on another connection: with its own counter and limits. */
export function subscribeAlso(
  { plan, handler, counter, runtime }: RunningEndpoint,
  around: EndpointSurroundings,
): KeptSubscription {
  const { limiters } = runtime;
  return subscribe(plan, { ...runtimeOf(plan, handler, counter, around), limiters }, around);
}

function subscribe(plan: EndpointPlan, runtime: EndpointRuntime, around: EndpointSurroundings): KeptSubscription {
  const { settings, onLost, onRestored } = around;
  settings.outlet.replySubjects.addOwn(plan.subject);
  return new KeptSubscription(settings.connection, plan.subject, plan.queueGroup, {
    onMessage: (message) => handle(runtime, message),
    onLost: (error) => onLost(plan.subject, error),
    onRestored: () => onRestored(plan.subject),
    onFault: (err) => settings.logger.error({ endpoint: plan.where, err }, 'a request could not be handled'),
  });
}

function runtimeOf(
  plan: EndpointPlan,
  handler: Handler,
  counter: Counter,
  { settings, identity, active, stopping, limiter }: EndpointSurroundings,
): EndpointRuntime {
  const { logger } = settings;
  const { name, subject, queueGroup, where, payload, params, limits } = plan;
  const codec = codecNamed(plan.codec);
  const { kind } = payload.kind === 'stream' ? payload.item : payload;
  const bodyCodec = kind === 'none' ? undefined : kind === 'bytes' ? codecNamed('bytes') : codec;
  const checks = validatorFor(payload, settings.validation);
  const declared = plan.target === undefined ? handler : handlerOf(plan.target);
  const validate =
    checks !== undefined && payload.kind !== 'stream' && hasDefault(declared) ? orDefault(checks) : checks;
  const core =
    payload.kind === 'stream'
      ? streamInvoker(handler, bodyCodec ?? codec, validate, settings.outlet, limits.maxBody)
      : invoker(handler, bodyCodec, validate, settings.outlet, limits.maxBody);
  const own = limiterOf(limits);
  return {
    service: identity,
    endpoint: Object.freeze({ name, subject, queueGroup }),
    params,
    timeout: limits.timeout ?? Infinity,
    run: compose([...settings.use, ...plan.use], core, where, (problem) => logger.warn({ endpoint: where }, problem)),
    codec,
    counter,
    limiters: [own, limiter].filter((one) => one !== undefined),
    active,
    stopping,
    outlet: settings.outlet,
    logger,
    logsRequests: logger.isLevelEnabled?.('debug') ?? true,
    uncredited: uncreditedFor(plan.maxUncredited),
    refusals: new RefusedReplies(logger, where),
    where,
  };
}

export function limiterOf({ concurrency, maxPending }: EndpointPlan['limits']): Limiter<PendingRequest> | undefined {
  return concurrency === undefined ? undefined : new Limiter(concurrency, maxPending ?? DEFAULT_MAX_PENDING);
}
