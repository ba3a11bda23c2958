import type { Event } from '@natsmith/protocol';
import type { Middleware, PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import type { HandlerPlan } from './handler-plan';
import type { PlannedLimits } from './limits';
import type { SourcePlan } from './source';

/** A handler of requests. */
export interface EndpointPlan extends HandlerPlan {
  readonly kind: 'endpoint';
  readonly request: PayloadType | undefined;
  /** Items of a stream to a reader that grants no credit; undefined for the default. */
  readonly maxUncredited: number | undefined;
}

/** Everything about a service that is known before it runs; frozen. */
export interface ServicePlan {
  readonly class: Class;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly queueGroup: string | false | undefined;
  /** The middleware of the service class. */
  readonly use: readonly Middleware[];
  /** Of all kinds, each with what takes its messages, in the order in which they were written. */
  readonly handlers: readonly SourcePlan[];
  /** The service class and the group classes that it mounts. */
  readonly classes: readonly Class[];
  readonly statsHandler: string | undefined;
  readonly publishes: readonly Event[];
  readonly schemas: boolean;
  /** `timeout` and `maxBody` are the defaults of the endpoints, the others count all requests of the service together. */
  readonly limits: PlannedLimits;
}
