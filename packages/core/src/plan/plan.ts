import type { Codec, CodecName, Middleware, PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import type { SubjectTemplate } from '@natsmith/protocol';
import type { PlannedLimits } from './limits';
import type { Payload } from '../payload/payload';

/** Everything about an endpoint that is known before it runs; frozen. */
export interface EndpointPlan {
  readonly name: string;
  /** As subscribed: group prefixes joined, named tokens replaced by `*`. */
  readonly subject: string;
  /** `""` for none. */
  readonly queueGroup: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly params: SubjectTemplate['params'];
  /** Whose method the handler is; undefined for handlers that were added to a running service. */
  readonly target: { readonly class: Class; readonly method: string } | undefined;
  /** From the outside in: service, groups, method. */
  readonly use: readonly Middleware[];
  readonly payload: Payload;
  readonly request: PayloadType | undefined;
  readonly response: PayloadType | undefined;
  readonly codec: CodecName | Codec;
  readonly limits: PlannedLimits;
  /** Items of a stream to a reader that grants no credit; undefined for the default. */
  readonly maxUncredited: number | undefined;
  /** For messages and logs: `Calculator.add`. */
  readonly where: string;
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
  readonly endpoints: readonly EndpointPlan[];
  /** The service class and the group classes that it mounts. */
  readonly classes: readonly Class[];
  readonly statsHandler: string | undefined;
  readonly schemas: boolean;
  /** `timeout` and `maxBody` are the defaults of the endpoints, the others count all requests of the service together. */
  readonly limits: PlannedLimits;
}
