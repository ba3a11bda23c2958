import { AsyncLocalStorage } from 'node:async_hooks';
import { readTraceparent, TRACE_HEADERS } from '@natsmith/protocol';
import {
  context,
  createContextKey,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api';
import type { Headers, HeadersToSend } from './published';
import { UnsampledScope } from './scope';

const TRACEPARENT_LENGTH = 55;

const READ: TextMapGetter<Headers> = { get: (headers, name) => headers.get(name), keys: () => [] };
const WRITE: TextMapSetter<HeadersToSend> = { set: (headers, name, value) => headers.set(name, value) };

/**
 * Carries contexts through headers and through the process: by what the program has registered with OpenTelemetry, and,
 * where it has registered nothing because it gives a tracer by hand, by W3C Trace Context and a storage of our own.
 */
export class Propagation {
  private ownManager: AsyncLocalStorage<Context> | undefined;
  private ownPropagator = false;
  /** Whether `traceparent` alone tells what is recorded, so that it can be asked before anything is extracted. */
  private isW3C = false;

  constructor() {
    this.look();
  }

  /** Whether the program has registered both. */
  get isComplete(): boolean {
    return this.ownManager === undefined && !this.ownPropagator;
  }

  /** Sees what the program has registered by now. */
  look(): void {
    this.ownManager = hasContextManager() ? undefined : (this.ownManager ?? new AsyncLocalStorage<Context>());
    const fields = propagation.fields();
    this.ownPropagator = fields.length === 0;
    this.isW3C = this.ownPropagator || (fields.includes('traceparent') && fields.every(isOfTraces));
  }

  active(): Context {
    return this.ownManager === undefined ? context.active() : (this.ownManager.getStore() ?? ROOT_CONTEXT);
  }

  run(within: Context, work: () => void): void {
    if (this.ownManager === undefined) context.with(within, work);
    else this.ownManager.run(within, work);
  }

  extract(headers: Headers): Context {
    return this.ownPropagator ? extractW3C(headers) : propagation.extract(ROOT_CONTEXT, headers, READ);
  }

  /** The trace of headers that say that it is not recorded; undefined where `extract` has to tell. */
  unsampledIn(headers: Headers): UnsampledScope | undefined {
    const header = this.isW3C ? headers.get('traceparent') : undefined;
    // Of another length is what propagators disagree about.
    if (header?.length !== TRACEPARENT_LENGTH) return undefined;
    const parent = readTraceparent(header);
    return parent?.isSampled === false ? new UnsampledScope(parent.traceId, () => this.extract(headers)) : undefined;
  }

  inject(from: Context, headers: HeadersToSend): void {
    if (this.ownPropagator) injectW3C(from, headers);
    else propagation.inject(from, headers, WRITE);
  }
}

function isOfTraces(field: string): boolean {
  return TRACE_HEADERS.includes(field);
}

const PROBE = createContextKey('natsmith probe');

function hasContextManager(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

function extractW3C(headers: Headers): Context {
  const parent = readTraceparent(headers.get('traceparent'));
  if (parent === undefined) return ROOT_CONTEXT;
  const state = headers.get('tracestate');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  });
}

function injectW3C(from: Context, headers: HeadersToSend): void {
  const span = trace.getSpanContext(from);
  if (span === undefined || !trace.isSpanContextValid(span)) return;
  headers.set('traceparent', `00-${span.traceId}-${span.spanId}-0${(span.traceFlags & TraceFlags.SAMPLED).toString()}`);
  const state = span.traceState?.serialize();
  if (state !== undefined && state !== '') headers.set('tracestate', state);
}
