import type { GroupMark } from '../define/metadata';
import type { EndpointOptions } from '../define/options';
import { payloadClassProblem } from '../payload/class-validator/check';
import { hasValidators } from '../payload/validator';
import type { Handler } from '../pipeline/decode';
import { checkAddedGroup, planAddedEndpoint } from '../plan/added-endpoint';
import type { ServicePlan } from '../plan/plan';
import { startEndpoint } from '../sources/endpoint';
import type { HandlerSurroundings } from '../sources/source';
import type { Handlers } from './handlers';
import type { EndpointHost } from './service';

/** Where endpoints are added to. */
export interface AddingParts {
  readonly plan: ServicePlan;
  readonly handlers: Handlers;
  readonly around: HandlerSurroundings;
  /** Throws when the service takes no more. */
  readonly checkOpen: () => void;
  /** INFO is not what it was. */
  readonly onChange: () => void;
  readonly cannotSubscribe: (cause: Error) => Error;
}

/** Adds endpoints and groups to a running service, below the given groups. */
export function endpointHost(parts: AddingParts, groups: readonly GroupMark[] = []): EndpointHost {
  return {
    addEndpoint: (name, handler, options = {}) => addEndpoint(parts, groups, name, handler, options),
    addGroup(prefix, options = {}) {
      const group: GroupMark = { prefix, options };
      checkAddedGroup(group);
      return endpointHost(parts, [...groups, group]);
    },
  };
}

function addEndpoint(
  { plan: service, handlers, around, checkOpen, onChange, cannotSubscribe }: AddingParts,
  groups: readonly GroupMark[],
  name: string,
  handler: Handler,
  options: Omit<EndpointOptions, 'name'>,
): Promise<void> {
  checkOpen();
  const existing = handlers.running.map((running) => running.plan);
  const payloads = { hasValidators, problem: payloadClassProblem };
  const plan = planAddedEndpoint(service, existing, groups, name, handler, options, payloads);
  let refusal: Error | undefined;
  let isKnown = false;
  const onLost = (subject: string, error: Error): void => {
    if (isKnown) around.onLost(subject, error);
    else refusal = error;
  };
  const endpoint = startEndpoint(plan, handler, { ...around, onLost });
  handlers.add(endpoint);
  onChange();
  const known = around.settings.connection.flush().then(() => {
    isKnown = true;
    if (refusal === undefined) return;
    void endpoint.subscription.unsubscribe();
    handlers.remove(endpoint);
    onChange();
    throw cannotSubscribe(refusal);
  });
  // Callers that do not wait need not hear of a connection that closes meanwhile.
  known.catch(() => undefined);
  return known;
}
