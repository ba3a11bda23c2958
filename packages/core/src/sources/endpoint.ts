import { INSTANCE_HEADER, uncreditedFor } from '@natsmith/protocol';
import type { HandlerDecorator } from '../define/decorators';
import type { PayloadOf, PayloadType, RequestContext } from '../define/handler';
import { markHandler } from '../define/metadata';
import type { EndpointOptions } from '../define/options';
import { codecNamed } from '../payload/codec';
import { orDefault } from '../payload/default-payload';
import type { Execute } from '../pipeline/context';
import { taker, type Handler } from '../pipeline/decode';
import { LogLimit } from '../pipeline/log-limit';
import { hasHeaders } from '../pipeline/message';
import { planEndpointMethod } from '../plan/endpoint-method';
import { handlerOf, hasDefault } from '../plan/handler';
import type { EndpointPlan } from '../plan/plan';
import { bodyInvoker } from '../reply/body';
import type { EndpointRuntime } from '../reply/endpoint-runtime';
import type { Replying } from '../reply/replying';
import { handle } from '../reply/request';
import { streamInvoker } from '../reply/payload-stream';
import { reading, runtimeOf, type HandlerSurroundings, type RunningHandler, type Source } from './source';
import { startSubscribed } from './subscribed';

/** A method that can serve an endpoint whose payload is `P` and whose reply is `R`. */
type EndpointMethod<P, R> = (payload: P, ctx: RequestContext) => R | Promise<R> | AsyncIterable<R>;

type ReplyOf<Response extends PayloadType> = [PayloadOf<Response>] extends [never] ? unknown : PayloadOf<Response>;

/**
 * Makes a method an endpoint: `(payload, ctx) => reply`. A string is the endpoint's name.
 * The method's parameter must accept what `request` stands for, and its reply be what `response` stands for.
 */
export function Endpoint<Request extends PayloadType = 'unchecked', Response extends PayloadType = 'unchecked'>(
  options: string | EndpointOptions<Request, Response> = {},
): HandlerDecorator<EndpointMethod<PayloadOf<Request>, ReplyOf<Response>>> {
  return (...[target, place]) => {
    markHandler(target, place, endpointSource, typeof options === 'string' ? { name: options } : options);
  };
}

/** Requests, which are answered. */
export const endpointSource = {
  kind: 'endpoint',
  decorator: '@Endpoint',
  takesGroup: true,
  subscribes: true,
  plan: planEndpointMethod,
  start: (plan, handler, around) => startEndpoint(plan as EndpointPlan, handler, around),
} satisfies Source;

/** Puts together what an endpoint's requests need, and subscribes it. */
export function startEndpoint(plan: EndpointPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
  return startSubscribed(plan, around, {
    runtime: (guest) => endpointRuntime(plan, handler, guest),
    receive: (runtime) => (message) => handle(runtime, message),
    fault: 'a request could not be handled',
  });
}

function endpointRuntime(plan: EndpointPlan, handler: Handler, around: HandlerSurroundings): EndpointRuntime {
  const { name, subject, queueGroup, payload, limits } = plan;
  const { outlet } = around.settings;
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
    refusals: new LogLimit(1),
  };
}

/** Where all instances answer, a caller may ask which of them an answer is from. */
function naming(core: Execute<Replying>, id: string): Execute<Replying> {
  return (ctx) => {
    if (hasHeaders(ctx.message) && ctx.headers.has(INSTANCE_HEADER)) ctx.replyHeaders.set(INSTANCE_HEADER, id);
    return core(ctx);
  };
}
