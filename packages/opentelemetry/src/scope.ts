import { trace, type Context, type Span } from '@opentelemetry/api';

/** Where the API keeps the span of a context. */
const SPAN_KEY = spanKey();

/**
 * The context of a span. What `trace.setSpan` makes copies all that the parent holds, for each message; this one does so
 * only when something is added to it.
 */
export class SpanScope implements Context {
  constructor(
    private readonly parent: Context,
    private readonly span: Span,
  ) {}

  getValue(key: symbol): unknown {
    return key === SPAN_KEY ? this.span : this.parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.copy().deleteValue(key);
  }

  private copy(): Context {
    return trace.setSpan(this.parent, this.span);
  }
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
