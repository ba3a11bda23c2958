import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { SpanScope, UnsampledScope } from './scope';

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

describe('the context of a trace that is not recorded', () => {
  it('has ids that are valid, stay the same, and are its own', () => {
    const [one, other] = [new SpanScope(ROOT_CONTEXT, undefined), new SpanScope(ROOT_CONTEXT, undefined)];
    const { traceId, spanId } = trace.getSpanContext(one) ?? {};
    expect([traceId, spanId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ]);
    expect(trace.getSpanContext(one)).toEqual({ traceId, spanId, traceFlags: 0 });
    expect([one.traceId, one.traceFlags]).toEqual([traceId, 0]);
    expect(other.traceId).not.toBe(traceId);
  });

  it('keeps its ids where something is added', () => {
    const scope = new SpanScope(ROOT_CONTEXT, undefined);
    const more = scope.setValue(KEY, 'its own');
    expect([trace.getSpanContext(more)?.traceId, more.getValue(KEY)]).toEqual([scope.traceId, 'its own']);
  });
});

describe('the context of a trace that came and is not recorded', () => {
  it('is empty where the propagator throws at what came: it is a handler that looks', () => {
    const scope = new UnsampledScope('a'.repeat(32), () => decodeURIComponent('%E0%A4%A') as never);
    expect([trace.getSpan(scope), scope.getValue(KEY), scope.traceId]).toEqual([undefined, undefined, 'a'.repeat(32)]);
    expect(scope.setValue(KEY, 'its own').getValue(KEY)).toBe('its own');
  });
});
