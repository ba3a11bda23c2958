import { parseTemplate, type Event } from '@natsmith/protocol';
import type { Codec, CodecName } from './define/handler';
import type { Class } from './define/options';
import {
  describeInfo,
  schemaIn,
  type EventDescription,
  type HandlerDescription,
  type LimitsDescription,
  type ServiceDescription,
} from './description';
import type { ServiceTarget } from './host/factory';
import type { FactoryOptions } from './host/factory-options';
import { loggerOf } from './host/logger';
import type { PlannedLimits } from './plan/limits';
import type { ServicePlan } from './plan/plan';
import { planServices } from './plan/services';
import { payloadClassProblem } from './payload/class-validator/check';
import { hasValidators, type ValidatorOptions } from './payload/validator';
import { decidePayload } from './payload/payload';
import { requestSchema } from './payload/schema';
import { CORE_KINDS } from './sources/kinds';
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
  const plans = planServices(targets, {
    payloads: { hasValidators, problem: payloadClassProblem },
    constructorProblem: () => undefined,
    kinds: CORE_KINDS,
    host: options,
  });
  return plans.map((plan) => describeService(plan, options.validation));
}

/** The class whose method a handler is, where `describeServices` has described it; a description itself is plain data. */
export function classOf(handler: HandlerDescription): Class | undefined {
  return classes.get(handler);
}

const classes = new WeakMap<HandlerDescription, Class>();

function describeService(plan: ServicePlan, validation: ValidatorOptions | undefined): ServiceDescription {
  const { name, version, metadata } = plan;
  // What INFO would say, and then what it does not say: so both descriptions of a service agree.
  const identity = { name, version, id: '', metadata: { ...metadata } };
  const planned = plan.handlers.map((handler) => handler.plan);
  const info = infoReply(identity, { ...plan, schemas: true }, planned, Infinity, loggerOf(false), validation);
  const { handlers, ...service } = describeInfo(info);
  return {
    ...service,
    limits: describeLimits(plan.limits),
    handlers: handlers.map((handler, index) => {
      const known = plan.handlers[index];
      if (known === undefined) return handler;
      const { codec, limits, target } = known.plan;
      const details = known.source.describe?.(known.plan);
      const described: HandlerDescription = {
        ...handler,
        ...(target !== undefined && { method: target.method }),
        codec: codecName(codec),
        limits: describeLimits(limits),
        ...(details !== undefined && { details }),
      };
      if (target !== undefined) classes.set(described, target.class);
      return described;
    }),
    publishes: plan.publishes.map((event) => describeEvent(event, validation)),
  };
}

function describeEvent(
  { subject, type, description, codec }: Event,
  validation: ValidatorOptions | undefined,
): EventDescription {
  const payload = decidePayload(type, undefined, 1, { hasValidators, problem: payloadClassProblem });
  const schema = typeof payload === 'string' ? undefined : requestSchema(payload, validation);
  return {
    subject,
    params: parseTemplate(subject).params.map(({ name }) => name),
    description,
    codec: codecName(codec),
    ...(schema !== undefined && { schema: schemaIn(schema) }),
  };
}

function codecName(codec: CodecName | Codec): string {
  return typeof codec === 'string' ? codec : String(codec.name);
}

function describeLimits(limits: PlannedLimits): LimitsDescription {
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}
