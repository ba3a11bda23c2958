import { nameProblem, versionProblem } from '@natsmith/protocol';
import {
  readDefinition,
  type ClassDefinition,
  type EndpointDefinition,
  type HandlerDefinition,
} from '../define/definition';
import type { PayloadClass } from '../define/handler';
import type { Class } from '../define/options';
import { Mistakes } from './definition-error';
import {
  checkMetadata,
  checkQueueGroup,
  groupPrefixProblem,
  planEndpoint,
  prefix,
  type Surroundings,
} from './endpoint';
import { checkHostLimits, checkLimits, DEFAULT_MAX_BODY, plannedLimits, type HostLimits } from './limits';
import { conflictBetween, conflictWithin, overlappingPairs } from './overlap';
import { decidePayload, PRIMITIVES, type HasValidators, type Payload, type PayloadClasses } from '../payload/payload';
import type { EndpointPlan, ServicePlan } from './plan';
import { handlerOf, hasDefault } from './handler';
import { plannedEvents } from './published';
import { checkUnused, givenInstances, serviceClasses } from './targets';
import { handlersBySource, type PlanningSource, type SourcePlan } from './source';

/** Why no instance of a class can be made, or undefined; known to the room that makes them. */
export type ConstructorProblem = (target: Class) => string | undefined;

/** Plans decorated service classes, given themselves or by an instance; throws one DefinitionError that lists every mistake in all of them. */
export function planServices(
  targets: readonly unknown[],
  hasValidators: HasValidators,
  constructorProblem: ConstructorProblem,
  host: HostLimits = {},
  payloadClassProblem?: PayloadClasses['problem'],
): ServicePlan[] {
  const mistakes = new Mistakes();
  checkHostLimits(host, mistakes);
  const instances = givenInstances(targets);
  const checks: Checks = {
    payloads: { hasValidators, problem: payloadClassProblem },
    constructorProblem: (target) => (instances.has(target) ? undefined : constructorProblem(target)),
    host,
    mistakes,
  };
  const plans = serviceClasses(targets, mistakes).map((target) => planService(target, checks));
  checkUnused(instances, plans, mistakes);
  checkOverlaps(plans, mistakes);
  checkSources(plans, mistakes);
  mistakes.throwIfAny();
  return plans;
}

interface Checks {
  readonly payloads: PayloadClasses;
  readonly constructorProblem: ConstructorProblem;
  readonly host: HostLimits;
  readonly mistakes: Mistakes;
}

function planService(target: Class, checks: Checks): ServicePlan {
  const { mistakes } = checks;
  const where = target.name;
  const definition = readDefinition(target);
  const options = definition.service;
  if (options === undefined) mistakes.add(where, 'has no @Service; write @Service({ name, version }) above the class');
  else {
    mistakes.add(where, prefix('service name ', nameProblem(options.name)));
    mistakes.add(where, prefix('version ', versionProblem(options.version)));
    checkQueueGroup(where, options.queueGroup, mistakes);
    checkMetadata(where, options.metadata, mistakes);
    checkLimits(where, options, mistakes);
  }
  if (definition.statsHandlers.length > 1)
    mistakes.add(where, `has @StatsHandler on ${definition.statsHandlers.join(' and ')}; keep one`);

  const limits = plannedLimits(options ?? {}, { timeout: undefined, maxBody: checks.host.maxBody ?? DEFAULT_MAX_BODY });
  const walk: Walk = { ...checks, service: options?.name ?? '', endpoints: [], handlers: [], classes: [] };
  const outside: Surroundings = {
    prefixes: [],
    queueGroups: [options?.queueGroup],
    use: definition.use,
    limits,
  };
  addClass(definition, outside, [], walk);
  for (const group of options?.groups ?? []) mountGroup(group, where, outside, [target], walk);

  if (walk.endpoints.length + walk.handlers.length === 0)
    mistakes.add(
      where,
      'has no handler; write @Endpoint() or @Subscribe(event) above a method (ADR-32 asks for at least one)',
    );

  return Object.freeze<ServicePlan>({
    class: target,
    name: options?.name ?? '',
    version: options?.version ?? '',
    description: options?.description ?? '',
    metadata: Object.freeze({ ...options?.metadata }),
    queueGroup: options?.queueGroup,
    use: Object.freeze([...definition.use]),
    endpoints: Object.freeze(walk.endpoints),
    handlers: Object.freeze(walk.handlers),
    classes: Object.freeze([...new Set(walk.classes)]),
    statsHandler: definition.statsHandlers[0],
    publishes: Object.freeze(plannedEvents(where, options?.publishes, mistakes)),
    schemas: options?.schemas !== false,
    limits,
  });
}

interface Walk extends Checks {
  /** The name of the service. */
  readonly service: string;
  readonly endpoints: EndpointPlan[];
  readonly handlers: SourcePlan[];
  readonly classes: Class[];
}

/** Adds the endpoints of a service or group class, and the groups below its prefix. */
function addClass(definition: ClassDefinition, outside: Surroundings, path: readonly Class[], walk: Walk): void {
  const { mistakes } = walk;
  const where = definition.class.name;
  walk.classes.push(definition.class);
  mistakes.add(where, walk.constructorProblem(definition.class));
  mistakes.add(where, thenProblem(definition.class));
  for (const { method, problem } of definition.contradictions)
    mistakes.add(method === undefined ? where : `${where}.${method}`, problem);

  const inside = withGroup(where, outside, definition.group, mistakes);
  for (const endpoint of definition.endpoints) {
    const { options, method } = endpoint;
    const at = `${where}.${method}`;
    const methodGroup = endpoint.groups[0];
    if (methodGroup?.options.groups !== undefined)
      mistakes.add(at, 'mounts groups in a @Group on a method; mount them in the @Group of the class');
    const around = withGroup(at, inside, methodGroup, mistakes);
    walk.endpoints.push(
      planEndpoint(
        at,
        options.name ?? method,
        {
          ...options,
          metadata: { ...endpoint.metadata, ...options.metadata },
          response: options.response ?? knownReturnType(endpoint.returnType, walk.payloads.hasValidators),
        },
        payloadOf(endpoint, walk.payloads),
        { ...around, use: Object.freeze([...around.use, ...endpoint.use]) },
        { class: definition.class, method },
        mistakes,
      ),
    );
  }
  for (const handler of definition.handlers) planHandler(handler, `${where}.${handler.method}`, inside, walk);
  for (const group of definition.group?.options.groups ?? [])
    mountGroup(group, where, inside, [...path, definition.class], walk);
}

/** Prefixes and queue groups of services and groups are those of endpoints; a source has its own. */
function planHandler(handler: HandlerDefinition, where: string, around: Surroundings, walk: Walk): void {
  const source = handler.mark.source as PlanningSource;
  const plans = source.plan(handler, {
    service: walk.service,
    use: Object.freeze([...around.use, ...handler.use]),
    maxBody: around.limits.maxBody,
    payloads: walk.payloads,
    where,
    mistake: (problem) => walk.mistakes.add(where, problem),
  });
  for (const plan of plans) walk.handlers.push({ source, plan });
}

function payloadOf(endpoint: EndpointDefinition, payloads: PayloadClasses): Payload | string {
  const { options, parameterTypes, arity } = endpoint;
  const payload = decidePayload(options.request, parameterTypes, arity, payloads);
  const isUntyped = parameterTypes !== undefined && parameterTypes.length > 0 && options.request === undefined;
  if (typeof payload === 'string' || payload.kind !== 'none' || !isUntyped) return payload;
  // Some compilers take the type of a parameter from its initializer, and do not write it down.
  return hasDefault(handlerOf(endpoint))
    ? 'has a payload with an initializer and no type; write the type, too: (limit: number = 10)'
    : payload;
}

/** The return type, where it says something of the reply: a promise, or a class without validators, says nothing. */
function knownReturnType(type: unknown, hasValidators: HasValidators): PayloadClass | undefined {
  if (PRIMITIVES.has(type)) return type as PayloadClass;
  return typeof type === 'function' && hasValidators(type as Class) ? (type as Class) : undefined;
}

/** An async container, and everybody who gets an instance from an async function, would wait for it for ever. */
function thenProblem(target: Class): string | undefined {
  if (!('then' in (target.prototype as object))) return undefined;
  return (
    'has a method named "then", so that JavaScript takes its instances for promises; ' +
    "give the method another name, and the endpoint its own: @Endpoint('then')"
  );
}

function mountGroup(group: Class, by: string, outside: Surroundings, path: readonly Class[], walk: Walk): void {
  if (typeof group !== 'function') {
    walk.mistakes.add(
      by,
      `mounts ${String(group)} as a group; is a class used before its declaration, or a circular import?`,
    );
    return;
  }
  if (path.includes(group)) {
    walk.mistakes.add(by, `mounts ${group.name}, which mounts it in turn; remove one of the two`);
    return;
  }
  const definition = readDefinition(group);
  if (definition.service !== undefined)
    walk.mistakes.add(
      by,
      `mounts ${group.name}, which is a service; mount classes with @Group, or pass it to create()`,
    );
  else if (definition.group === undefined)
    walk.mistakes.add(by, `mounts ${group.name}, which has no @Group; write @Group('prefix') above the class`);
  else addClass(definition, { ...outside, use: [...outside.use, ...definition.use] }, path, walk);
}

function withGroup(
  where: string,
  around: Surroundings,
  group: ClassDefinition['group'],
  mistakes: Mistakes,
): Surroundings {
  if (group === undefined) return around;
  mistakes.add(where, groupPrefixProblem(group.prefix));
  checkQueueGroup(where, group.options.queueGroup, mistakes);
  return {
    ...around,
    prefixes: [...around.prefixes, group.prefix],
    queueGroups: [...around.queueGroups, group.options.queueGroup],
  };
}

function checkOverlaps(plans: readonly ServicePlan[], mistakes: Mistakes): void {
  const all = plans.flatMap((service) =>
    [
      ...service.endpoints,
      ...service.handlers.filter(({ source }) => source.subscribes === true).map(({ plan }) => plan),
    ].map((plan) => ({ ...plan, service })),
  );
  for (const [earlier, later] of overlappingPairs(all)) {
    if (earlier.service === later.service) mistakes.add(later.where, conflictWithin(earlier, later));
    // Two versions of one service may share its work; that is how instances share it, too.
    else if (earlier.service.name !== later.service.name) mistakes.add(later.where, conflictBetween(earlier, later));
  }
}

function checkSources(plans: readonly ServicePlan[], mistakes: Mistakes): void {
  for (const [source, handlers] of handlersBySource(plans))
    source.check?.(handlers, (where, problem) => mistakes.add(where, problem));
}
