import type { GroupMark } from '../define/metadata';
import type { EndpointOptions } from '../define/options';
import { Mistakes } from './definition-error';
import { checkQueueGroup, groupPrefixProblem, planEndpoint } from './endpoint';
import { conflictWithin, overlappingPairs } from './overlap';
import { decidePayload, type PayloadClasses } from '../payload/payload';
import type { HandlerPlan } from './handler-plan';
import type { EndpointPlan, ServicePlan } from './plan';
import { isStreaming } from './handler';
import { ADDED_ENDPOINT_OPTIONS, ADDED_GROUP_OPTIONS } from './known-options';
import { checkedOptions } from './options';

/** Checks a group that is added to a running service; throws a DefinitionError. */
export function checkAddedGroup({ prefix: groupPrefix, options: given }: GroupMark): void {
  const mistakes = new Mistakes();
  const where = `addGroup(${JSON.stringify(groupPrefix)})`;
  mistakes.add(where, groupPrefixProblem(groupPrefix));
  const options = checkedOptions(given, ADDED_GROUP_OPTIONS, 'addGroup()', (problem) => mistakes.add(where, problem));
  checkQueueGroup(where, options.queueGroup, mistakes);
  mistakes.throwIfAny();
}

/** Plans an endpoint that is added to a running service; throws one DefinitionError with all its mistakes. */
export function planAddedEndpoint(
  service: ServicePlan,
  existing: readonly HandlerPlan[],
  groups: readonly GroupMark[],
  name: string,
  handler: unknown,
  given: Omit<EndpointOptions, 'name'>,
  classes: PayloadClasses,
): EndpointPlan {
  const mistakes = new Mistakes();
  const where = `addEndpoint(${JSON.stringify(name)})`;
  const options = checkedOptions(given, ADDED_ENDPOINT_OPTIONS, 'addEndpoint()', (problem) =>
    mistakes.add(where, problem),
  );
  if (typeof handler !== 'function')
    mistakes.add(where, 'was given no handler; pass a function (payload, ctx) => reply');
  const plan = planEndpoint(
    where,
    name,
    isStreaming(handler) ? { ...options, metadata: { stream: 'response', ...options.metadata } } : options,
    decidePayload(options.request ?? 'unchecked', undefined, 0, classes),
    {
      prefixes: groups.map((group) => group.prefix),
      queueGroups: [service.queueGroup, ...groups.map((group) => group.options.queueGroup)],
      use: service.use,
      limits: service.limits,
    },
    undefined,
    mistakes,
  );
  for (const [earlier, later] of overlappingPairs<HandlerPlan>([...existing, plan]))
    if (later === plan) mistakes.add(where, conflictWithin(earlier, later));
  mistakes.throwIfAny();
  return plan;
}
