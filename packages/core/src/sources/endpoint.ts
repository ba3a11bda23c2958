import { INSTANCE_HEADER, uncreditedFor } from '@natsmith/protocol';
import { KeptSubscription } from '../nats/kept-subscription';
import { codecNamed } from '../payload/codec';
import { orDefault } from '../payload/default-payload';
import type { Execute } from '../pipeline/context';
import { taker, type Handler } from '../pipeline/invoke';
import { hasHeaders } from '../pipeline/message';
import { handlerOf, hasDefault } from '../plan/handler';
import type { EndpointPlan } from '../plan/plan';
import { bodyInvoker } from '../reply/body';
import type { EndpointRuntime } from '../reply/endpoint-runtime';
import { RefusedReplies } from '../reply/refused-replies';
import type { Replying } from '../reply/replying';
import { handle } from '../reply/request';
import { streamInvoker } from '../reply/upload';
import { reading, runtimeOf, type HandlerSurroundings, type RunningHandler } from './source';

/** Puts together what an endpoint's requests need, and subscribes it. */
export function startEndpoint(plan: EndpointPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
  const runtime = endpointRuntime(plan, handler, around);
  const { counter, limiters } = runtime;
  return {
    plan,
    counter,
    subscription: subscribe(plan, runtime, around),
    startAlso: (guest) => subscribe(plan, { ...endpointRuntime(plan, handler, guest), counter, limiters }, guest),
  };
}

function subscribe(plan: EndpointPlan, runtime: EndpointRuntime, around: HandlerSurroundings): KeptSubscription {
  const { settings, onLost, onRestored } = around;
  settings.outlet.replySubjects.addOwn(plan.subject);
  return new KeptSubscription(settings.connection, plan.subject, plan.queueGroup, {
    onMessage: (message) => handle(runtime, message),
    onLost: (error) => onLost(plan.subject, error),
    onRestored: () => onRestored(plan.subject),
    onFault: (err) => settings.logger.error({ endpoint: plan.where, err }, 'a request could not be handled'),
  });
}

function endpointRuntime(plan: EndpointPlan, handler: Handler, around: HandlerSurroundings): EndpointRuntime {
  const { name, subject, queueGroup, payload, limits } = plan;
  const { outlet, logger } = around.settings;
  const codec = codecNamed(plan.codec);
  const { codec: bodyCodec, validate: checks } = reading(plan, around.settings);
  const declared = plan.target === undefined ? handler : handlerOf(plan.target);
  const validate =
    checks !== undefined && payload.kind !== 'stream' && hasDefault(declared) ? orDefault(checks) : checks;
  const core =
    payload.kind === 'stream'
      ? streamInvoker(handler, bodyCodec ?? codec, validate, outlet, limits.maxBody)
      : bodyInvoker(taker<Replying>(handler, bodyCodec, validate), bodyCodec !== undefined, outlet, limits.maxBody);
  return {
    ...runtimeOf(plan, queueGroup === '' ? naming(core, around.identity.id) : core, around),
    endpoint: Object.freeze({ name, subject, queueGroup }),
    codec,
    outlet,
    uncredited: uncreditedFor(plan.maxUncredited),
    refusals: new RefusedReplies(logger, plan.where),
  };
}

/** Where all instances answer, a caller may ask which of them an answer is from. */
function naming(core: Execute<Replying>, id: string): Execute<Replying> {
  return (ctx) => {
    if (hasHeaders(ctx.message) && ctx.headers.has(INSTANCE_HEADER)) ctx.replyHeaders.set(INSTANCE_HEADER, id);
    return core(ctx);
  };
}
