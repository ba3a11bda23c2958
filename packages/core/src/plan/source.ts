import type { HandlerDefinition } from '../define/definition';
import type { HandlerSource } from '../define/metadata';
import type { Middleware } from '../define/handler';
import type { PayloadClasses } from '../payload/payload';
import type { HandlerPlan } from './handler-plan';
import type { PlannedLimits } from './limits';

/** What surrounds an endpoint: its prefixes, queue group settings, middleware and limits, each from the outside in. */
export interface Surroundings {
  readonly prefixes: readonly string[];
  readonly queueGroups: readonly (string | false | undefined)[];
  readonly use: readonly Middleware[];
  readonly limits: Pick<PlannedLimits, 'timeout' | 'maxBody'>;
}

/** What a source knows of the class and service around a handler that it plans. */
export interface SourceSurroundings {
  /** The name of the service. */
  readonly service: string;
  /** Of the service and its groups, from the outside in. */
  readonly use: readonly Middleware[];
  /** Bytes. */
  readonly maxBody: number;
  /** What service and groups say of endpoints alone: prefixes, queue groups, default limits. */
  readonly endpoints: Surroundings;
  readonly payloads: PayloadClasses;
  /** For messages: `Mailer.mail`. */
  readonly where: string;
  /** Notes what is wrong with the handler; undefined is nothing. */
  mistake(problem: string | undefined): void;
}

/** A source as the plan knows it: how its handlers are checked, planned and described. Pure: there is no connection yet. */
export interface PlanningSource extends HandlerSource {
  /**
   * Its handlers subscribe to their subjects in core NATS, in the queue group of their plan: they are checked for
   * overlaps with all others that do. Leave it out where `queueGroup` is something else, such as the name of a consumer.
   */
  readonly subscribes?: boolean;
  /** Checks a handler and plans it, once for each subject that it takes; mistakes are noted, then the plans are not used. */
  plan(handler: HandlerDefinition, around: SourceSurroundings): readonly HandlerPlan[];
  /**
   * Checks the planned handlers of all services of the host against each other. Called once, with those of this source
   * alone, in the order in which they were written.
   */
  check?(handlers: readonly PlannedHandler[], mistake: (where: string, problem: string) => void): void;
  /**
   * What `describeServices` shows of a handler as `details`, besides what a plan has anyway: a stream, a durable name, the
   * pattern of a schedule. Plain data that JSON keeps as it is.
   */
  describe?(plan: HandlerPlan): Readonly<Record<string, unknown>>;
}

/** A planned handler with the service that it belongs to. */
export interface PlannedHandler {
  readonly service: { readonly name: string; readonly version: string };
  readonly plan: HandlerPlan;
}

/** A planned handler, with the source that plans and starts it. */
export interface SourcePlan {
  readonly source: PlanningSource;
  readonly plan: HandlerPlan;
}

/** The planned handlers of several services, by their source. */
export function handlersBySource(
  services: readonly {
    readonly name: string;
    readonly version: string;
    readonly handlers: readonly SourcePlan[];
  }[],
): ReadonlyMap<PlanningSource, readonly PlannedHandler[]> {
  const bySource = new Map<PlanningSource, PlannedHandler[]>();
  for (const { name, version, handlers } of services)
    for (const { source, plan } of handlers) {
      const planned: PlannedHandler = { service: { name, version }, plan };
      const known = bySource.get(source);
      if (known === undefined) bySource.set(source, [planned]);
      else known.push(planned);
    }
  return bySource;
}
