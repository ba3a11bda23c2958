import type { SubjectTemplate } from '@natsmith/protocol';
import type { Codec, CodecName, Middleware, PayloadType } from '../define/handler';
import type { Class } from '../define/options';
import type { Payload } from '../payload/payload';
import type { PlannedLimits } from './limits';

/** Everything about a handler that is known before it runs; frozen. */
export interface HandlerPlan {
  /** As in `ctx.kind`. */
  readonly kind: string;
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
  readonly response: PayloadType | undefined;
  readonly codec: CodecName | Codec;
  readonly limits: PlannedLimits;
  /** For messages and logs: `Calculator.add`. */
  readonly where: string;
}
