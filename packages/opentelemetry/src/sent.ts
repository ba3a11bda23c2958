import { SpanKind, trace, type Context, type Link, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api';
import * as named from './conventions';
import { Labels, type Measures } from './measures';
import type { Propagation } from './propagation';
import type { Operation } from './published';
import type { Sampling } from './sampling';
import { SpanScope } from './scope';
import { markFailed } from './span';

/** What all operations on one method or event share. */
interface TargetFacts {
  readonly name: string;
  readonly options: SpanOptions;
  readonly labels: Labels;
}

/** An operation that is under way. */
interface Open {
  readonly facts: TargetFacts;
  readonly span: Span | undefined;
  readonly startedAt: number;
}

/** Services, methods and templates are of others, and may be many. */
const MAX_TARGETS = 10_000;

/** Spans and measures of calls, streams and publishes, whose context goes with them. */
export class Sent {
  private readonly targets = new Map<string, TargetFacts>();
  /** A stream whose reader neither ends nor leaves it is forgotten with it. */
  private readonly open = new WeakMap<Operation, Open>();

  constructor(
    private readonly propagation: Propagation,
    private readonly sampling: Sampling,
    private readonly tracer: () => Tracer | undefined,
    private readonly measures: () => Measures | undefined,
  ) {}

  onStart(operation: Operation): void {
    const facts = this.factsOf(operation);
    const span = this.startSpan(operation, facts);
    if (span === undefined && this.measures() === undefined) return;
    this.open.set(operation, { facts, span, startedAt: performance.now() });
  }

  onEnd(operation: Operation): void {
    const open = this.open.get(operation);
    if (open === undefined) return;
    this.open.delete(operation);
    this.measure(operation, open);
    const { span, facts } = open;
    if (span === undefined) return;
    const { error, code, attempts = 0, items = 0 } = operation;
    if (facts.options.kind === SpanKind.CLIENT && code !== undefined) span.setAttributes(named.statusAttributes(code));
    if (error !== undefined) markFailed(span, error, code);
    if (attempts > 1) span.setAttribute(named.ATTEMPTS, attempts);
    if (operation.kind === 'stream') span.setAttribute(named.ITEMS, items);
    span.end();
  }

  private startSpan(operation: Operation, { name, options }: TargetFacts): Span | undefined {
    const tracer = this.tracer();
    if (tracer === undefined) return undefined;
    const [parent, links] = this.parentOf(operation);
    const unrecorded = this.sampling.leftOut(parent);
    if (unrecorded !== undefined) {
      this.propagation.inject(unrecorded, operation.headers);
      return undefined;
    }
    const span = tracer.startSpan(name, links === undefined ? options : { ...options, links }, parent);
    this.propagation.inject(new SpanScope(parent, span), operation.headers);
    return span;
  }

  /**
   * The span that is active, or the one that the headers tell of: `client.with(ctx)` has set them. What was prepared belongs
   * to what it was prepared for, whoever sends it.
   */
  private parentOf({ headers, template }: Operation): [Context, Link[] | undefined] {
    const active = this.propagation.active();
    const around = trace.getSpanContext(active);
    const isPrepared = template === undefined;
    if (around !== undefined && !isPrepared) return [active, undefined];
    const carried = this.propagation.extract(headers);
    if (trace.getSpanContext(carried) === undefined) return [active, undefined];
    return [carried, around === undefined ? undefined : [{ context: around }]];
  }

  private measure({ error, code }: Operation, { facts: { options, labels }, startedAt }: Open): void {
    const measures = this.measures();
    if (measures === undefined) return;
    const type = error === undefined ? undefined : named.errorType(error, code);
    if (options.kind === SpanKind.PRODUCER) return measures.sent.add(1, labels.with(type));
    measures.client.record((performance.now() - startedAt) / 1000, labels.with(type));
  }

  private factsOf({ kind, service, method, template }: Operation): TargetFacts {
    const isCall = kind === 'call' || kind === 'stream';
    // A subject that is called by itself is not a template, and has as many values as its callers like.
    const key = !isCall ? `publish ${template}` : service === undefined ? '' : `${service}/${method}`;
    let facts = this.targets.get(key);
    if (facts === undefined) {
      facts = isCall ? callFacts(key) : publishFacts(template);
      if (this.targets.size < MAX_TARGETS) this.targets.set(key, facts);
    }
    return facts;
  }
}

function callFacts(method: string): TargetFacts {
  const attributes = named.rpcAttributes(method || named.OTHER);
  const labels = new Labels(attributes, named.clientErrorLabels);
  return { name: method || named.SYSTEM, options: { kind: SpanKind.CLIENT, attributes }, labels };
}

function publishFacts(template: string | undefined): TargetFacts {
  const attributes = named.messagingAttributes('publish', template);
  const name = template === undefined ? 'publish' : `publish ${template}`;
  const labels = new Labels(attributes, named.messagingErrorLabels);
  return { name, options: { kind: SpanKind.PRODUCER, attributes }, labels };
}
