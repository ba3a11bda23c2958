import { Endpoint, event, Service, Subscribe, unchecked, type MessageContext } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { Consume, eventStream, JetStreamPublisher } from '@natsmith/jetstream';
import { propagation, trace, type TextMapPropagator } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { instrument, type Instrumentation } from '../src/index';
import { Tracing } from './tracing';

const Packed = event('sampled.{id}.packed', unchecked<object>());
const Sold = event('sampled-sales.{id}', unchecked<object>());
const Sales = eventStream('SAMPLED', { events: [Sold] });

/** What a handler saw of its trace. */
interface Seen {
  readonly handler: string;
  /** As it came. */
  readonly header: string | undefined;
  readonly traceId: string | undefined;
  readonly active: string | undefined;
  readonly tenant: string | undefined;
  readonly state: string | undefined;
}

let seen: Seen[] = [];
function note({ handler, headers, traceId }: MessageContext): void {
  seen.push({
    handler: handler.name,
    header: headers.get('traceparent'),
    traceId,
    active: trace.getActiveSpan()?.spanContext().traceId,
    tenant: propagation.getActiveBaggage()?.getEntry('tenant')?.value,
    state: headers.get('tracestate'),
  });
}

@Service({ name: 'packer', version: '1.0.0' })
class Packer {
  constructor(private readonly client: ServiceClient) {}

  @Endpoint() async pack(_: undefined, ctx: MessageContext): Promise<void> {
    note(ctx);
    await this.client.publish(Packed, {}, { params: { id: '1' } });
  }

  @Subscribe(Packed) packed(_: object, ctx: MessageContext): void {
    note(ctx);
    trace.getTracer('test').startActiveSpan('of its own', (span) => span.end());
  }
}

@Service({ name: 'seller', version: '1.0.0' })
class Seller {
  constructor(
    private readonly client: ServiceClient,
    private readonly publisher: JetStreamPublisher,
  ) {}

  @Endpoint() async sell(_: undefined, ctx: MessageContext): Promise<void> {
    note(ctx);
    const packer = await this.client.service<{ pack(): void }>('packer');
    await packer.pack();
    await this.publisher.publish(Sold, {}, { params: { id: '1' } });
  }

  @Consume(Sales, Sold) sold(_: object, ctx: MessageContext): void {
    note(ctx);
  }
}

const HANDLERS = ['pack', 'packed', 'sell', 'sold'];
const WHOLE = [
  'CLIENT seller/sell UNSET',
  '  SERVER seller/sell UNSET',
  '    CLIENT packer/pack UNSET',
  '      SERVER packer/pack UNSET',
  '        PRODUCER publish sampled.{id}.packed UNSET',
  '          CONSUMER process sampled.{id}.packed UNSET',
  '            INTERNAL of its own UNSET',
  '    PRODUCER publish sampled-sales.{id} UNSET',
  '      CONSUMER process sampled-sales.{id} UNSET',
];
const TRACE_ID = 'a'.repeat(32);

/** One that knows nothing of W3C Trace Context. */
const PROPAGATOR: TextMapPropagator = {
  fields: () => ['x-trace'],
  extract(context, carrier, getter) {
    const traceId = getter.get(carrier, 'x-trace');
    if (typeof traceId !== 'string') return context;
    return trace.setSpanContext(context, { traceId, spanId: 'd'.repeat(16), traceFlags: 1, isRemote: true });
  },
  inject(context, carrier, setter) {
    setter.set(carrier, 'x-trace', trace.getSpanContext(context)?.traceId ?? '');
  },
};

onEachJetStream((_server, client) => {
  describe('sampleRatio', () => {
    const hosts = useHosts();
    let tracing: Tracing;
    let instrumentation: Instrumentation | undefined;
    let connection: Connection;
    let caller: ServiceClient;

    beforeEach(async () => {
      seen = [];
      tracing = new Tracing();
      connection = await client.connect();
      caller = new ServiceClient(connection as never);
      const inner = await client.connect();
      const services = new ServiceClient(inner as never);
      const targets = [new Packer(services), new Seller(services, new JetStreamPublisher(inner))];
      await hosts.start(targets as never, { connection: inner });
    });
    afterEach(async () => {
      instrumentation?.stop();
      await tracing.unregister();
      await caller.close();
    });

    const sell = async (): Promise<void> => (await caller.service<{ sell(): void }>('seller')).sell();
    const allHandled = (times = 1): Promise<void> => until(() => seen.length === HANDLERS.length * times);
    /** Sends a request with a header, as a caller of any language may. */
    const sellFor = (traceparent: string, more: Record<string, string> = {}): Promise<unknown> => {
      const headers = client.headers();
      for (const [name, value] of Object.entries({ traceparent, ...more })) headers.set(name, value);
      return connection.request('sell', new Uint8Array(), { timeout: 5000, headers });
    };

    it('of 0 records no span anywhere, and one trace that says so goes through all', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 0 });
      await sell();
      await allHandled();
      expect(tracing.tree()).toEqual([]);
      expect(seen.map(({ handler }) => handler).sort()).toEqual(HANDLERS);
      const [{ traceId } = { traceId: undefined }] = seen;
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      for (const one of seen) {
        expect(one.header).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
        expect([one.traceId, one.active]).toEqual([traceId, traceId]);
      }
    });

    it('of 0 gives a request without a trace one of its own, for log lines and calls', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 0 });
      await connection.request('sell');
      await connection.request('sell');
      await allHandled(2);
      const [first, second] = seen.filter(({ handler }) => handler === 'sell');
      expect([first?.header, second?.header]).toEqual([undefined, undefined]);
      expect(new Set(seen.map(({ traceId }) => traceId))).toEqual(new Set([first?.traceId, second?.traceId]));
      expect(first?.traceId).not.toBe(second?.traceId);
      expect(tracing.tree()).toEqual([]);
    });

    it('of 1 records all', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 1 });
      await sell();
      await tracing.ended(WHOLE.length);
      expect(tracing.tree()).toEqual(WHOLE);
    });

    it('does not matter to what has a sampled parent, here or elsewhere', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 0 });
      await trace.getTracer('test').startActiveSpan('around', async (span) => {
        await sell();
        span.end();
      });
      await tracing.ended(1 + WHOLE.length);
      expect(tracing.tree()).toEqual(['INTERNAL around UNSET', ...WHOLE.map((line) => `  ${line}`)]);
      tracing.reset();
      await sellFor(`00-${TRACE_ID}-${'b'.repeat(16)}-01`);
      await tracing.ended(WHOLE.length - 1);
      expect(tracing.tree()).toEqual(WHOLE.slice(1).map((line) => line.slice(2)));
      expect(tracing.spans.map((span) => span.spanContext().traceId)).toEqual(WHOLE.slice(1).map(() => TRACE_ID));
    });

    it('does not matter to what has a parent that is not sampled, whose trace goes on', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 1 });
      await sellFor(`00-${TRACE_ID}-${'b'.repeat(16)}-00`);
      await allHandled();
      expect(tracing.tree()).toEqual([]);
      for (const { header, traceId, active } of seen) {
        expect(header).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
        expect([traceId, active]).toEqual([TRACE_ID, TRACE_ID]);
      }
    });

    it('leaves baggage and state of such a trace as they are', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 1 });
      await sellFor(`00-${TRACE_ID}-${'b'.repeat(16)}-00`, { baggage: 'tenant=acme', tracestate: 'vendor=1' });
      await allHandled();
      expect(seen.map(({ tenant, state }) => [tenant, state])).toEqual(HANDLERS.map(() => ['acme', 'vendor=1']));
    });

    it('asks a propagator of the program whether there is a sampled parent', async () => {
      tracing.register(PROPAGATOR);
      instrumentation = instrument({ sampleRatio: 0 });
      await sellFor(`00-${TRACE_ID}-${'b'.repeat(16)}-00`, { 'x-trace': 'c'.repeat(32) });
      await tracing.ended(WHOLE.length - 1);
      expect(tracing.spans.map((span) => span.spanContext().traceId)).toEqual(WHOLE.slice(1).map(() => 'c'.repeat(32)));
    });

    it('takes no decision from a traceparent that the program does not propagate', async () => {
      tracing.register({ fields: () => ['baggage'], inject: () => undefined, extract: (context) => context });
      instrumentation = instrument({ sampleRatio: 1 });
      await sellFor(`00-${TRACE_ID}-${'b'.repeat(16)}-00`);
      await tracing.ended(WHOLE.length - 1);
      expect(tracing.spans).toHaveLength(WHOLE.length - 1);
    });

    it('between them records each trace whole or not at all', async () => {
      tracing.register();
      instrumentation = instrument({ sampleRatio: 0.5 });
      const times = 50;
      for (let i = 0; i < times; i++) await sell();
      await allHandled(times);
      // All alike once in 2^49 runs.
      expect(tracing.traces).toBeGreaterThan(0);
      expect(tracing.traces).toBeLessThan(times);
      await tracing.ended(tracing.traces * WHOLE.length);
      expect(tracing.tree().filter((line) => !line.startsWith(' '))).toEqual(
        Array.from({ length: tracing.traces }, () => WHOLE[0]),
      );
    });

    it('leaves what it would record to the sampler of the SDK', async () => {
      tracing = new Tracing(new AlwaysOffSampler()).register();
      instrumentation = instrument({ sampleRatio: 1 });
      await sell();
      await allHandled();
      expect(tracing.tree()).toEqual([]);
      expect(seen.map(({ header }) => header?.slice(-3))).toEqual(['-00', '-00', '-00', '-00']);
    });

    it('does with a tracer alone, without anything registered', async () => {
      instrumentation = instrument({ tracer: tracing.provider.getTracer('by hand'), sampleRatio: 0 });
      await sell();
      await allHandled();
      expect(tracing.tree()).toEqual([]);
      expect(new Set(seen.map(({ traceId }) => traceId)).size).toBe(1);
    });
  });
});
