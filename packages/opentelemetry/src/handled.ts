import { hasHeaders, type WithHeaders } from '@natsmith/protocol';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import * as named from './conventions';
import { Labels, type Measures } from './measures';
import type { Propagation } from './propagation';
import type {
  DeliveredContext,
  Headers,
  MessageContext,
  MessageEnd,
  MessageError,
  MessageStart,
  Settlement,
} from './published';
import type { Sampling } from './sampling';
import { SpanScope, type UnsampledScope } from './scope';
import { markFailed } from './span';

/** What all spans and measures of a handler share. */
interface HandlerFacts {
  readonly name: string;
  readonly kind: SpanKind;
  /** With attributes for the sampler. */
  readonly options: SpanOptions;
  /** For those who look at it. */
  readonly more: Attributes;
  readonly labels: Labels;
}

/** A message that is recorded. */
interface Recorded {
  readonly span: Span;
  error: unknown;
}

/** Spans and measures of messages that services handle, of all kinds. */
export class Handled {
  private readonly facts = new WeakMap<object, HandlerFacts>();
  /** Each start has one end, so that none stays here. */
  private readonly recorded = new Map<MessageContext, Recorded>();

  constructor(
    private readonly propagation: Propagation,
    private readonly sampling: Sampling,
    private readonly tracer: () => Tracer | undefined,
    private readonly measures: () => Measures | undefined,
  ) {}

  onStart(start: MessageStart): void {
    const tracer = this.tracer();
    if (tracer === undefined) return;
    const { ctx } = start;
    // What a batch belongs to is told by links alone, when it is known which messages it has.
    const headers = hasHeaders(ctx.message as WithHeaders) && ctx.kind !== 'batch' ? ctx.headers : undefined;
    const unsampled = headers && this.sampling.leftOutBy(headers);
    if (unsampled !== undefined) return this.leaveOut(start, unsampled);
    // Not the active context: a message that has waited begins in that of the one whose place it takes.
    const parent = headers === undefined ? ROOT_CONTEXT : this.propagation.extract(headers);
    const leftOut = this.sampling.leftOut(parent);
    if (leftOut === undefined) this.record(tracer, start, parent);
    else this.leaveOut(start, leftOut);
  }

  private leaveOut(start: MessageStart, scope: SpanScope | UnsampledScope): void {
    start.trace = scope;
    this.runWithin(start, scope);
  }

  private record(tracer: Tracer, start: MessageStart, parent: Context): void {
    const { ctx } = start;
    const { name, kind, options, more } = this.factsOf(ctx);
    const from = parent === ROOT_CONTEXT ? undefined : trace.getSpanContext(parent);
    const isLinked = from !== undefined && kind === SpanKind.CONSUMER;
    const span = tracer.startSpan(name, isLinked ? { ...options, links: [{ context: from }] } : options, parent);
    if (span.isRecording()) {
      span.setAttributes(more);
      if ('attempt' in ctx) span.setAttributes(deliveryAttributes(ctx as DeliveredContext));
      this.recorded.set(ctx, { span, error: undefined });
    }
    start.trace = span.spanContext();
    this.runWithin(start, new SpanScope(parent, span));
  }

  onError({ ctx, error }: MessageError): void {
    const recorded = this.recorded.get(ctx);
    if (recorded !== undefined) recorded.error = error;
  }

  onEnd(end: MessageEnd): void {
    this.measure(end);
    // Most are not, and looking for one costs.
    if (this.recorded.size === 0) return;
    const recorded = this.recorded.get(end.ctx);
    if (recorded === undefined) return;
    this.recorded.delete(end.ctx);
    const { span, error } = recorded;
    const { ctx, outcome, code, description } = end;
    const settlement = end.settlement as Settlement | undefined;
    if (ctx.kind === 'endpoint') {
      if (code !== undefined) span.setAttributes(named.statusAttributes(code));
      if (code !== undefined && named.isServerError(code)) markFailed(span, error, code, description);
    } else if (outcome === 'failed') markFailed(span, error, code, description);
    if (settlement?.end !== undefined) span.setAttribute(named.SETTLEMENT, settlement.end);
    if (settlement?.messages !== undefined) {
      span.setAttribute(named.MESSAGING_BATCH_COUNT, settlement.messages.length);
      span.addLinks(settlement.messages.flatMap(({ headers }) => this.linkTo(headers)));
    }
    span.end();
  }

  /** Ends what is open, as it stands. */
  close(): void {
    for (const { span } of this.recorded.values()) span.end();
    this.recorded.clear();
  }

  private runWithin(start: MessageStart, within: Context): void {
    const { propagation } = this;
    const inner = start.around;
    start.around =
      inner === undefined ? (run) => propagation.run(within, run) : (run) => propagation.run(within, () => inner(run));
  }

  private linkTo(headers: Headers): Link[] {
    const context = trace.getSpanContext(this.propagation.extract(headers));
    return context === undefined || !isSpanContextValid(context) ? [] : [{ context }];
  }

  private measure({ ctx, code, duration, settlement }: MessageEnd): void {
    const measures = this.measures();
    if (measures === undefined) return;
    const { labels, kind } = this.factsOf(ctx);
    const error = code === undefined ? undefined : String(code);
    const seconds = duration / 1000;
    const set = labels.with(error);
    if (kind === SpanKind.SERVER) return measures.server.record(seconds, set);
    measures.process.record(seconds, set);
    measures.consumed.add((settlement as Settlement | undefined)?.messages?.length ?? 1, set);
  }

  private factsOf(ctx: MessageContext): HandlerFacts {
    let facts = this.facts.get(ctx.handler);
    if (facts === undefined) this.facts.set(ctx.handler, (facts = factsFor(ctx)));
    return facts;
  }
}

function factsFor({ kind, service, handler }: MessageContext): HandlerFacts {
  const more = {
    [named.SERVICE]: service.name,
    [named.SERVICE_VERSION]: service.version,
    [named.SERVICE_ID]: service.id,
    [named.HANDLER]: handler.name,
    [named.KIND]: kind,
  };
  if (kind === 'endpoint') {
    const name = `${service.name}/${handler.name}`;
    const attributes = named.rpcAttributes(name);
    const labels = new Labels(attributes, named.serverErrorLabels);
    return { name, kind: SpanKind.SERVER, options: { kind: SpanKind.SERVER, attributes }, more, labels };
  }
  const template = handler.metadata.subject_template ?? handler.subject;
  const group = handler.queueGroup === '' ? {} : { [named.MESSAGING_GROUP]: handler.queueGroup };
  const attributes = { ...named.messagingAttributes('process', template), ...group };
  return {
    name: `process ${template}`,
    kind: SpanKind.CONSUMER,
    options: { kind: SpanKind.CONSUMER, attributes },
    more,
    labels: new Labels(attributes, named.messagingErrorLabels),
  };
}

function deliveryAttributes({ stream, sequence, attempt }: DeliveredContext): Attributes {
  return { [named.STREAM]: stream, [named.SEQUENCE]: sequence, [named.ATTEMPT]: attempt };
}
