import { randomFillSync } from 'node:crypto';
import { ROOT_CONTEXT, trace, TraceFlags, type Context, type Span } from '@opentelemetry/api';

/** Where the API keeps the span of a context. */
const SPAN_KEY = spanKey();

/**
 * The context of a span. What `trace.setSpan` makes copies all that the parent holds, for each message; this one does so
 * only when something is added to it. Without a span it is that of a trace that begins here and is not recorded: it has
 * ids from when somebody asks for them, a call or a log line.
 */
export class SpanScope implements Context {
  constructor(
    private readonly parent: Context,
    private span: Span | undefined,
  ) {}

  get traceId(): string {
    return this.ownSpan().spanContext().traceId;
  }

  get traceFlags(): number {
    return this.span?.spanContext().traceFlags ?? TraceFlags.NONE;
  }

  getValue(key: symbol): unknown {
    return key === SPAN_KEY ? this.ownSpan() : this.parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.copy().deleteValue(key);
  }

  private copy(): Context {
    return trace.setSpan(this.parent, this.ownSpan());
  }

  private ownSpan(): Span {
    return (this.span ??= trace.wrapSpanContext({ ...randomIds(), traceFlags: TraceFlags.NONE }));
  }
}

/** The context of a trace that came with a message and is not recorded. It is extracted when somebody looks into it. */
export class UnsampledScope implements Context {
  readonly traceFlags = TraceFlags.NONE;
  private extracted: Context | undefined;

  constructor(
    readonly traceId: string,
    private readonly extract: () => Context,
  ) {}

  getValue(key: symbol): unknown {
    return this.context().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.context().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.context().deleteValue(key);
  }

  private context(): Context {
    return (this.extracted ??= this.extractSafely());
  }

  /** Who looks may be a handler, which has nothing to do with a propagator that throws at what came over the wire. */
  private extractSafely(): Context {
    try {
      return this.extract();
    } catch {
      return ROOT_CONTEXT;
    }
  }
}

const TRACE_ID_BYTES = 16;
const BYTES = TRACE_ID_BYTES + 8;
/** Drawn for many at once: a system call for each would cost more than a request. */
const random = Buffer.alloc(BYTES * 128);
let used = random.length;

function randomIds(): { traceId: string; spanId: string } {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const ids = random.toString('hex', used, (used += BYTES));
  return { traceId: ids.slice(0, 2 * TRACE_ID_BYTES), spanId: ids.slice(2 * TRACE_ID_BYTES) };
}

function spanKey(): symbol | undefined {
  let found: symbol | undefined;
  const reader: Context = {
    getValue: () => undefined,
    setValue(key) {
      found = key;
      return reader;
    },
    deleteValue: () => reader,
  };
  trace.setSpan(reader, trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }));
  return found;
}
