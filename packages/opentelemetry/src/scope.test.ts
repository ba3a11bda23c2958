import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { SpanScope } from './scope';

const KEY = createContextKey('of the test');
const span = trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });

describe('the context of a span', () => {
  const scope = new SpanScope(ROOT_CONTEXT.setValue(KEY, 'of the parent'), span);

  it('has the span, and what its parent has', () => {
    expect(trace.getSpan(scope)).toBe(span);
    expect(scope.getValue(KEY)).toBe('of the parent');
  });

  it('keeps both where something is added, and is not changed by it', () => {
    const more = scope.setValue(KEY, 'its own');
    expect([trace.getSpan(more), more.getValue(KEY)]).toEqual([span, 'its own']);
    expect(scope.getValue(KEY)).toBe('of the parent');
  });

  it('keeps the rest where something is taken out, be it the span', () => {
    const less = scope.deleteValue(KEY);
    expect([trace.getSpan(less), less.getValue(KEY)]).toEqual([span, undefined]);
    const spanless = trace.deleteSpan(scope);
    expect([trace.getSpan(spanless), spanless.getValue(KEY)]).toEqual([undefined, 'of the parent']);
  });
});
