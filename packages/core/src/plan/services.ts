import { nameProblem, versionProblem } from '@natsmith/protocol';
import { readDefinition } from '../define/definition';
import type { Class } from '../define/options';
import type { PayloadClasses } from '../payload/payload';
import { addClass, knownMiddleware, mountGroup, type Walk } from './classes';
import { Mistakes } from './definition-error';
import { checkMetadata, checkQueueGroup, prefix } from './endpoint';
import { checkHostLimits, checkLimits, DEFAULT_MAX_BODY, plannedLimits, type HostLimits } from './limits';
import { conflictBetween, conflictWithin, overlappingPairs } from './overlap';
import type { ServicePlan } from './plan';
import { plannedEvents } from './published';
import { handlersBySource, type PlanningSource } from './source';
import { SERVICE_OPTIONS } from './known-options';
import { checkedOptions } from './options';
import { checkUnused, givenInstances, serviceClasses } from './targets';

/** What planning depends on. */
export interface Planning {
  readonly payloads: PayloadClasses;
  /** Why no instance of a class can be made, or undefined; known to the room that makes them. */
  readonly constructorProblem: (target: Class) => string | undefined;
  /** The kinds of this copy of the package, by name; those of other packages are named by what their decorators leave. */
  readonly kinds: ReadonlyMap<string, PlanningSource>;
  readonly host?: HostLimits;
  /** What else is wrong with the options of `create()`. */
  readonly hostProblems?: readonly string[];
}

/** Plans decorated service classes, given themselves or by an instance; throws one DefinitionError that lists every mistake in all of them. */
export function planServices(targets: readonly unknown[], planning: Planning): ServicePlan[] {
  const { constructorProblem, host = {}, hostProblems = [] } = planning;
  const mistakes = new Mistakes();
  for (const problem of hostProblems) mistakes.add('create()', problem);
  checkHostLimits(host, mistakes);
  const instances = givenInstances(targets);
  const checks: Checks = {
    ...planning,
    constructorProblem: (target) => (instances.has(target) ? undefined : constructorProblem(target)),
    host,
    hostProblems,
    mistakes,
  };
  const plans = serviceClasses(targets, mistakes).map((target) => planService(target, checks));
  checkUnused(instances, plans, mistakes);
  checkOverlaps(plans, mistakes);
  checkSources(plans, mistakes);
  mistakes.throwIfAny();
  return plans;
}

interface Checks extends Required<Planning> {
  readonly mistakes: Mistakes;
}

function planService(target: Class, checks: Checks): ServicePlan {
  const { mistakes } = checks;
  const where = target.name;
  const definition = readDefinition(target);
  const options =
    definition.service === undefined
      ? undefined
      : checkedOptions(definition.service, SERVICE_OPTIONS, '@Service', (problem) => mistakes.add(where, problem));
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
  const walk: Walk = { ...checks, service: options?.name ?? '', handlers: [], classes: [] };
  const use = knownMiddleware(where, definition.use, mistakes);
  const outside = { prefixes: [], queueGroups: [options?.queueGroup], use, limits };
  addClass(definition, outside, [], walk);
  for (const group of options?.groups ?? []) mountGroup(group, where, outside, [target], walk);

  if (walk.handlers.length === 0)
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
    use: Object.freeze([...use]),
    handlers: Object.freeze(walk.handlers),
    classes: Object.freeze([...new Set(walk.classes)]),
    statsHandler: definition.statsHandlers[0],
    publishes: Object.freeze(plannedEvents(where, options?.publishes, mistakes)),
    schemas: options?.schemas !== false,
    limits,
  });
}

function checkOverlaps(plans: readonly ServicePlan[], mistakes: Mistakes): void {
  const all = plans.flatMap((service) =>
    service.handlers.filter(({ source }) => source.subscribes === true).map(({ plan }) => ({ ...plan, service })),
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
