import { PRIMITIVES } from '@natsmith/protocol';
import type { HandlerDefinition } from '../define/definition';
import type { PayloadClass } from '../define/handler';
import type { Class, EndpointOptions } from '../define/options';
import { decidePayload, type HasValidators, type Payload, type PayloadClasses } from '../payload/payload';
import { planEndpoint } from './endpoint';
import { handlerOf, hasDefault } from './handler';
import { ENDPOINT_OPTIONS } from './known-options';
import { checkedOptions } from './options';
import type { EndpointPlan } from './plan';
import type { SourceSurroundings } from './source';

/** Plans a method with `@Endpoint`. */
export function planEndpointMethod(handler: HandlerDefinition, around: SourceSurroundings): EndpointPlan[] {
  const options = checkedOptions(handler.mark.options, ENDPOINT_OPTIONS, '@Endpoint', (problem) =>
    around.mistake(problem),
  );
  return [
    planEndpoint(
      around.where,
      options.name ?? handler.method,
      {
        ...options,
        metadata: { ...handler.metadata, ...options.metadata },
        response: options.response ?? knownReturnType(handler.returnType, around.payloads.hasValidators),
      },
      payloadOf(handler, options, around.payloads),
      around.endpoints,
      { class: handler.class, method: handler.method },
      { add: (_where, problem) => around.mistake(problem) },
    ),
  ];
}

function payloadOf(
  handler: HandlerDefinition,
  { request }: EndpointOptions,
  payloads: PayloadClasses,
): Payload | string {
  const { parameterTypes, arity, isStandard } = handler;
  // A function does not count a parameter with an initializer.
  const parameters = Math.max(arity, Number(hasDefault(handlerOf(handler))));
  const payload = decidePayload(request, parameterTypes, parameters, payloads, isStandard);
  const isUntyped = parameterTypes !== undefined && parameterTypes.length > 0 && request === undefined;
  if (typeof payload === 'string' || payload.kind !== 'none' || !isUntyped) return payload;
  // Some compilers take the type of a parameter from its initializer, and do not write it down.
  return parameters > arity
    ? 'has a payload with an initializer and no type; write the type, too: (limit: number = 10)'
    : payload;
}

/** The return type, where it says something of the reply: a promise, or a class without validators, says nothing. */
function knownReturnType(type: unknown, hasValidators: HasValidators): PayloadClass | undefined {
  if (PRIMITIVES.has(type)) return type as PayloadClass;
  return typeof type === 'function' && hasValidators(type as Class) ? (type as Class) : undefined;
}
