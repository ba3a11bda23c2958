import { describeInfo, type LimitsDescription, type ServiceDescription } from './description';
import type { FactoryOptions, ServiceTarget } from './host/factory';
import { loggerOf } from './host/logger';
import type { PlannedLimits } from './plan/limits';
import type { ServicePlan } from './plan/plan';
import { planServices } from './plan/services';
import { payloadClassProblem } from './payload/class-validator/problem';
import { hasValidators, type ValidatorOptions } from './payload/validate';
import { infoReply } from './service/info';

/** Those options of `create` that a description depends on. */
export type DescribeOptions = Pick<FactoryOptions, 'maxBody' | 'validation'>;

/**
 * Describes services as plain data, without a connection and without making an instance.
 * @param target what `create` takes
 * @throws DefinitionError with every mistake in the classes, as `create` does
 */
export function describeServices(
  target: ServiceTarget | readonly ServiceTarget[],
  options: DescribeOptions = {},
): ServiceDescription[] {
  const targets: readonly unknown[] = Array.isArray(target) ? target : [target];
  // No instance is made, so it does not matter what a constructor wants.
  const plans = planServices(targets, hasValidators, () => undefined, options, payloadClassProblem);
  return plans.map((plan) => describeService(plan, options.validation));
}

function describeService(plan: ServicePlan, validation: ValidatorOptions | undefined): ServiceDescription {
  const { name, version, metadata } = plan;
  // What INFO would say, and then what it does not say: so both descriptions of a service agree.
  const identity = { name, version, id: '', metadata: { ...metadata } };
  const info = infoReply(identity, { ...plan, schemas: true }, plan.endpoints, Infinity, loggerOf(false), validation);
  const { handlers, ...service } = describeInfo(info);
  return {
    ...service,
    limits: describeLimits(plan.limits),
    handlers: handlers.map((handler, index) => {
      const endpoint = plan.endpoints[index];
      if (endpoint === undefined) return handler;
      const { codec, limits, target } = endpoint;
      return {
        ...handler,
        ...(target !== undefined && { method: target.method }),
        codec: typeof codec === 'string' ? codec : String(codec.name),
        limits: describeLimits(limits),
      };
    }),
  };
}

function describeLimits(limits: PlannedLimits): LimitsDescription {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}
