import { context, propagation, SpanKind, SpanStatusCode, trace, type TextMapPropagator } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import { instrument, type Instrumentation } from '../src/index';

/** OpenTelemetry's SDK, registered as programs do, with all spans in memory. */
export class Tracing {
  private readonly exporter = new InMemorySpanExporter();
  readonly provider: NodeTracerProvider;

  constructor(sampler?: Sampler) {
    const spanProcessors = [new SimpleSpanProcessor(this.exporter)];
    this.provider = new NodeTracerProvider({ spanProcessors, ...(sampler && { sampler }) });
  }

  get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  /** @param propagator default: those of the SDK */
  register(propagator?: TextMapPropagator): this {
    this.provider.register(propagator === undefined ? {} : { propagator });
    return this;
  }

  reset(): void {
    this.exporter.reset();
  }

  /** Resolves when so many spans have ended. */
  async ended(count: number): Promise<readonly ReadableSpan[]> {
    for (let i = 0; i < 2000 && this.spans.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.spans.length !== count) throw new Error(`not ${count} spans in time: ${this.tree().join('\n')}`);
    return this.spans;
  }

  named(name: string): ReadableSpan {
    const found = this.spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`no span ${name}: ${this.tree().join('\n')}`);
    return found;
  }

  /** One line for each span, indented below its parent: kind, name and status. */
  tree(): string[] {
    const ids = new Set(this.spans.map((span) => span.spanContext().spanId));
    const of = (parent: string | undefined, depth: number): string[] =>
      this.spans
        .filter((span) =>
          parent === undefined
            ? !ids.has(span.parentSpanContext?.spanId ?? '')
            : span.parentSpanContext?.spanId === parent,
        )
        .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
        .flatMap((span) => [
          `${'  '.repeat(depth)}${SpanKind[span.kind]} ${span.name} ${SpanStatusCode[span.status.code]}`,
          ...of(span.spanContext().spanId, depth + 1),
        ]);
    return of(undefined, 0);
  }

  /** How many traces there are. */
  get traces(): number {
    return new Set(this.spans.map((span) => span.spanContext().traceId)).size;
  }

  async unregister(): Promise<void> {
    trace.disable();
    context.disable();
    propagation.disable();
    await this.provider.shutdown();
  }
}

/** Tracing and its instrumentation for the tests of a block. */
export function useTracing(): Tracing {
  const tracing = new Tracing();
  let instrumentation: Instrumentation;
  beforeAll(() => {
    tracing.register();
    instrumentation = instrument();
  });
  afterAll(async () => {
    instrumentation.stop();
    await tracing.unregister();
  });
  return tracing;
}
