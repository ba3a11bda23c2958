import channels from 'node:diagnostics_channel';
import type { InstrumentOptions } from '@natsmith/opentelemetry';
import { ready, subject, url, variant, type Two } from './process';

/** As if natsmith told nobody of its messages. */
function takeOutChannels(): void {
  (channels as { channel: unknown }).channel = () => ({ hasSubscribers: false });
}

/** A part of the traces is recorded, and what is recorded is exported to nowhere. */
async function startSdk(ratio: number): Promise<void> {
  const { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } =
    await import('@opentelemetry/sdk-trace-node');
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve(),
  };
  new NodeTracerProvider({ sampler, spanProcessors: [new BatchSpanProcessor(exporter)] }).register();
}

async function startMetrics(): Promise<void> {
  const { metrics } = await import('@opentelemetry/api');
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
  metrics.setGlobalMeterProvider(new MeterProvider());
}

async function instrument(options?: InstrumentOptions): Promise<void> {
  (await import('@natsmith/opentelemetry')).instrument(options);
}

/** What a program does that traces its handler by itself, with no attribute and no parent. */
async function traceByHand(): Promise<void> {
  const { context, ROOT_CONTEXT, SpanKind, trace } = await import('@opentelemetry/api');
  await startSdk(0.01);
  const tracer = trace.getTracer('by hand');
  addTraced = (a, b) => {
    const span = tracer.startSpan('bench/add', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const result = context.with(trace.setSpan(ROOT_CONTEXT, span), () => a + b);
    span.end();
    return result;
  };
}

/** What listens is there before natsmith is loaded. */
const preparations: Record<string, () => void | Promise<void>> = {
  'no-channels': takeOutChannels,
  'no-sdk': () => instrument(),
  'samples-1-percent': () => startSdk(0.01).then(() => instrument()),
  'sample-ratio-1-percent': () => startSdk(1).then(() => instrument({ sampleRatio: 0.01 })),
  'by-hand-1-percent': traceByHand,
  'samples-all': () => startSdk(1).then(() => instrument()),
  metrics: () => startMetrics().then(() => instrument()),
};

let addTraced: ((a: number, b: number) => number) | undefined;

async function start(): Promise<void> {
  await preparations[variant]?.();
  const { Endpoint, NatsServiceFactory, Service } = await import('@natsmith/core');

  @Service({ name: 'bench', version: '1.0.0' })
  class Plain {
    @Endpoint({ subject, request: 'unchecked' }) add({ a, b }: Two): number {
      // No closure here: it would cost the others an allocation.
      return addTraced === undefined ? a + b : addTraced(a, b);
    }
  }

  await NatsServiceFactory.create(Plain, { connection: { servers: url }, logger: false });
  ready();
}

void start();
