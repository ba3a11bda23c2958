import type { HandlerDefinition } from '../define/definition';
import type { HandlerSource } from '../define/metadata';
import type { Middleware } from '../define/handler';
import type { PayloadClasses } from '../payload/payload';
import type { HandlerPlan } from './handler-plan';

/** What a source is told of the class and service around a handler that it plans. */
export interface SourceSurroundings {
  /** The name of the service. */
  readonly service: string;
  /** Of the service and its groups, from the outside in. */
  readonly use: readonly Middleware[];
  /** Bytes. */
  readonly maxBody: number;
  readonly payloads: PayloadClasses;
  /** For messages: `Mailer.mail`. */
  readonly where: string;
  /** Notes what is wrong with the handler; undefined is nothing. */
  mistake(problem: string | undefined): void;
}

/** A source as the plan knows it: how its handlers are checked and planned. */
export interface PlanningSource extends HandlerSource {
  /** Checks a handler and plans it, once for each subject that it takes; mistakes are noted, then the plans are not used. */
  plan(handler: HandlerDefinition, around: SourceSurroundings): readonly HandlerPlan[];
}

/** A planned handler, with the source that plans and starts it. */
export interface SourcePlan {
  readonly source: PlanningSource;
  readonly plan: HandlerPlan;
}
