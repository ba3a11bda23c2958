import { isSpanContextValid, ROOT_CONTEXT, trace, TraceFlags, type Context } from '@opentelemetry/api';
import type { Propagation } from './propagation';
import type { Headers } from './published';
import { SpanScope, type UnsampledScope } from './scope';

/** Decides, where the program gives a ratio, which traces are recorded: the SDK is not asked about the others. */
export class Sampling {
  /** @param ratio of the traces that begin here, from 0 to 1; undefined to leave every decision to the SDK */
  constructor(
    private readonly ratio: number | undefined,
    private readonly propagation: Propagation,
  ) {}

  /** The context of a message whose headers say that its trace is not recorded; undefined where nobody has said so yet. */
  leftOutBy(headers: Headers): UnsampledScope | undefined {
    // In a fleet that records few traces nearly all messages are of this kind, and to extract a context costs.
    return this.ratio === undefined ? undefined : this.propagation.unsampledIn(headers);
  }

  /** The context of what is not recorded, as its parent or else the ratio decides; undefined where the SDK is asked. */
  leftOut(parent: Context): SpanScope | undefined {
    if (this.ratio === undefined) return undefined;
    const span = parent === ROOT_CONTEXT ? undefined : trace.getSpan(parent);
    const from = span?.spanContext();
    if (from !== undefined && isSpanContextValid(from))
      return (from.traceFlags & TraceFlags.SAMPLED) === 0 ? new SpanScope(parent, span) : undefined;
    return Math.random() < this.ratio ? undefined : new SpanScope(parent, undefined);
  }
}
