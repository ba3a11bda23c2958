import { channel } from 'node:diagnostics_channel';
import { Endpoint, event, Service, ServiceError, Subscribe, unchecked, type MessageEnd } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { connect, headers, type MsgHdrs, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { onEachServer } from '#test/matrix';
import { instrument, type Instrumentation } from '../src/index';
import { Tracing } from './tracing';

const Told = event('instrumented.{id}.told', unchecked<object>());

@Service({ name: 'inner', version: '1.0.0' })
class Inner {
  @Endpoint({ subject: 'inner.{id}.get' }) get(): string {
    return 'inner';
  }
}

@Service({ name: 'outer', version: '1.0.0' })
class Outer {
  constructor(private readonly client: ServiceClient) {}

  @Endpoint() async ask(): Promise<void> {
    await this.client.publish(Told, {}, { params: { id: '1' } });
  }

  @Endpoint() refuse(): void {
    throw new ServiceError(404, 'no');
  }

  @Endpoint() break(): void {
    throw new Error('broken');
  }

  @Subscribe(Told) told(): void {
    // Counted.
  }
}

function headersOf(traceparent: string): MsgHdrs {
  const block = headers();
  block.set('traceparent', traceparent);
  return block;
}

onEachServer((server) => {
  describe('instrument()', () => {
    const hosts = useHosts();
    let nc: NatsConnection;
    let client: ServiceClient;
    let instrumentation: Instrumentation | undefined;
    let tracing: Tracing;

    beforeEach(async () => {
      tracing = new Tracing();
      nc = await connect({ servers: server.url });
      client = new ServiceClient(nc);
    });
    afterEach(async () => {
      instrumentation?.stop();
      await tracing.unregister();
      metrics.disable();
      await client.close();
      await nc.close();
    });
    const start = () => hosts.start([new Inner(), new Outer(client)] as never, { connection: { servers: server.url } });
    it('a propagator or tracer that throws costs the record of a message, and nothing else', async () => {
      const broken = {
        startSpan: () => {
          throw new Error('no span');
        },
        startActiveSpan: () => {
          throw new Error('no span');
        },
      };
      instrumentation = instrument({ tracer: broken as never, meter: false });
      await start();
      expect((await nc.request('inner.1.get')).string()).toBe('"inner"');
      // What a listener throws would be thrown again at the next tick, and end the process.
      await new Promise(setImmediate);
      expect((await nc.request('inner.2.get')).string()).toBe('"inner"');
    });

    const CHAIN = [
      'CLIENT outer/ask UNSET',
      '  SERVER outer/ask UNSET',
      '    PRODUCER publish instrumented.{id}.told UNSET',
      '      CONSUMER process instrumented.{id}.told UNSET',
    ];
    const ask = async (): Promise<void> => {
      const outer = await client.service<{ ask(): void }>('outer');
      await outer.ask();
    };

    it('may come after services and clients, and before the SDK', async () => {
      await start();
      instrumentation = instrument();
      tracing.register();
      await ask();
      await tracing.ended(4);
      expect(tracing.tree()).toEqual(CHAIN);
    });

    it('may come before them', async () => {
      instrumentation = instrument();
      await start();
      tracing.register();
      await ask();
      await tracing.ended(4);
      expect(tracing.tree()).toEqual(CHAIN);
    });

    it('finds an SDK that comes when much has happened already', async () => {
      await start();
      instrumentation = instrument();
      await ask();
      tracing.register();
      for (let i = 0; i < 10_000 && tracing.spans.length === 0; i++) await ask();
      expect(tracing.spans.length).toBeGreaterThan(0);
    });

    it('does with a tracer alone, without anything registered', async () => {
      await start();
      instrumentation = instrument({ tracer: tracing.provider.getTracer('by hand') });
      await ask();
      await tracing.ended(4);
      expect(tracing.tree()).toEqual(CHAIN);
      expect(tracing.spans[0]?.instrumentationScope.name).toBe('by hand');
    });

    it('listens to nothing while nobody records, and after its end', async () => {
      await start();
      const listens = () =>
        ['natsmith:message:start', 'natsmith:message:end', 'tracing:natsmith:client:call:start'].filter(
          (name) => channel(name).hasSubscribers,
        );
      instrumentation = instrument();
      await ask();
      expect(listens()).toEqual([]);
      instrumentation.stop();
      instrumentation = instrument({ tracer: tracing.provider.getTracer('by hand') });
      expect(listens()).toHaveLength(3);
      instrumentation.stop();
      expect(listens()).toEqual([]);
    });

    it('takes the place of what was instrumented before, so that nothing is recorded twice', async () => {
      await start();
      instrument({ tracer: tracing.provider.getTracer('first') });
      instrumentation = instrument({ tracer: tracing.provider.getTracer('second') });
      await ask();
      await tracing.ended(4);
      expect(new Set(tracing.spans.map((span) => span.instrumentationScope.name))).toEqual(new Set(['second']));
    });

    it('goes on with the trace that a caller of any kind begins, also one that is not sampled', async () => {
      tracing.register();
      instrumentation = instrument();
      await start();
      await trace.getTracer('test').startActiveSpan('outside', async (span) => {
        await client.call('inner.1.get', undefined);
        span.end();
      });
      await tracing.ended(3);
      expect(tracing.tree()).toEqual(['INTERNAL outside UNSET', '  CLIENT nats UNSET', '    SERVER inner/get UNSET']);
      tracing.reset();
      const traceId = 'a'.repeat(32);
      await nc.request('inner.1.get', '', { timeout: 2000, headers: headersOf(`00-${traceId}-${'b'.repeat(16)}-00`) });
      await nc.request('inner.1.get', '', { timeout: 2000, headers: headersOf(`00-${traceId}-${'b'.repeat(16)}-01`) });
      await tracing.ended(1);
      expect(tracing.spans[0]?.spanContext().traceId).toBe(traceId);
      expect(tracing.spans[0]?.parentSpanContext?.spanId).toBe('b'.repeat(16));
    });

    it('names traces that are not recorded, too, and says so', async () => {
      const ends: MessageEnd[] = [];
      const note = (message: unknown): void => void ends.push(message as MessageEnd);
      channel('natsmith:message:end').subscribe(note);
      tracing.register();
      instrumentation = instrument();
      await start();
      const traceId = 'a'.repeat(32);
      for (const flags of ['00', '01'])
        await nc.request('inner.1.get', '', {
          timeout: 2000,
          headers: headersOf(`00-${traceId}-${'b'.repeat(16)}-${flags}`),
        });
      channel('natsmith:message:end').unsubscribe(note);
      expect(ends.map(({ trace, ctx }) => [trace?.traceId, trace?.traceFlags, ctx.traceId])).toEqual([
        [traceId, 0, traceId],
        [traceId, 1, traceId],
      ]);
    });

    it('takes an invalid header as no trace', async () => {
      tracing.register();
      instrumentation = instrument();
      await start();
      for (const value of ['', 'nonsense', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, 'x'.repeat(10_000)])
        await nc.request('inner.1.get', '', { timeout: 2000, headers: headersOf(value) });
      await tracing.ended(4);
      expect(tracing.spans.map(({ parentSpanContext }) => parentSpanContext)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });

    it.each([
      [{ tracer: {} }, '"tracer" that must be a tracer of @opentelemetry/api, or false for no spans, got an object'],
      [{ meter: 'mine' }, '"meter" that must be a meter of @opentelemetry/api, or false for no metrics, got "mine"'],
      [{ sampleRatio: 1.5 }, '"sampleRatio" that must be a number from 0 to 1, got 1.5'],
      [{ sampleRatio: -0.1 }, '"sampleRatio" that must be a number from 0 to 1, got -0.1'],
      [{ sampleRatio: NaN }, '"sampleRatio" that must be a number from 0 to 1, got NaN'],
      [{ sampleRatio: '0.5' }, '"sampleRatio" that must be a number from 0 to 1, got "0.5"'],
      [{ sampleRatio: null }, '"sampleRatio" that must be a number from 0 to 1, got null'],
    ])('refuses the invalid %p', (options, problem) => {
      expect(() => instrument(options as never)).toThrow(new TypeError(`instrument() has an option ${problem}`));
    });

    it('refuses an option that it does not know, with the one that may have been meant', () => {
      expect(() => instrument({ sampleRate: 0.1 } as never)).toThrow(
        new TypeError('instrument() has an unknown option "sampleRate"; did you mean "sampleRatio"?'),
      );
      expect(() => instrument({ exporter: 'otlp' } as never)).toThrow(
        new TypeError('instrument() has an unknown option "exporter"; the options are tracer, meter, sampleRatio'),
      );
    });

    describe('with a meter', () => {
      let exporter: InMemoryMetricExporter;
      let provider: MeterProvider;
      beforeEach(() => {
        exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
        provider = new MeterProvider({
          readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
        });
      });
      afterEach(() => provider.shutdown());

      /** Points of a metric: its attributes, and how many there were. */
      const points = async (name: string): Promise<[object, number][]> => {
        exporter.reset();
        await provider.forceFlush();
        const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
        const metric = all.find(({ descriptor }) => descriptor.name === name);
        if (metric === undefined) return [];
        if (metric.dataPointType === DataPointType.HISTOGRAM) {
          const bounds = metric.dataPoints.map(({ value }) => value.buckets.boundaries);
          expect(new Set(bounds.map(String))).toEqual(
            new Set([String([0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10])]),
          );
          expect(metric.descriptor.unit).toBe('s');
          return metric.dataPoints.map(({ attributes, value }) => [attributes, value.count]);
        }
        return metric.dataPoints.map(({ attributes, value }) => [attributes, value as number]);
      };

      it('measures calls, requests, publishes and events', async () => {
        metrics.setGlobalMeterProvider(provider);
        instrumentation = instrument({ tracer: false });
        await start();
        await ask();
        await ask();
        const outer = await client.service<{ refuse(): void; break(): void }>('outer');
        await outer.refuse().catch(() => undefined);
        await outer.break().catch(() => undefined);
        const rpc = (method: string, more = {}) => ({ 'rpc.system.name': 'nats', 'rpc.method': method, ...more });
        const refused = { 'rpc.response.status_code': '404' };
        const broken = { 'rpc.response.status_code': '500', 'error.type': '500' };
        for (const [name, all] of [
          ['rpc.server.call.duration', refused],
          ['rpc.client.call.duration', { ...refused, 'error.type': '404' }],
        ] as const)
          expect(await points(name)).toEqual([
            [rpc('outer/ask'), 2],
            [rpc('outer/refuse', all), 1],
            [rpc('outer/break', broken), 1],
          ]);
        const messaging = (operation: string, type: string, more = {}) => ({
          'messaging.system.name': 'nats',
          'messaging.operation.name': operation,
          'messaging.operation.type': type,
          'messaging.destination.name': 'instrumented.{id}.told',
          'messaging.destination.template': 'instrumented.{id}.told',
          ...more,
        });
        expect(await points('messaging.client.sent.messages')).toEqual([[messaging('publish', 'send'), 2]]);
        const group = { 'messaging.consumer.group.name': 'outer-told' };
        const handled = messaging('process', 'process', group);
        for (let i = 0; i < 1000 && (await points('messaging.client.consumed.messages'))[0]?.[1] !== 2; i++)
          await nc.flush();
        expect(await points('messaging.client.consumed.messages')).toEqual([[handled, 2]]);
        expect(await points('messaging.process.duration')).toEqual([[handled, 2]]);
      });

      it('measures what is not sampled, too', async () => {
        tracing.register();
        instrumentation = instrument({ meter: provider.getMeter('by hand'), sampleRatio: 0 });
        await start();
        await ask();
        await ask();
        const asked = { 'rpc.system.name': 'nats', 'rpc.method': 'outer/ask' };
        expect(await points('rpc.server.call.duration')).toEqual([[asked, 2]]);
        expect(await points('rpc.client.call.duration')).toEqual([[asked, 2]]);
        expect(await points('messaging.client.sent.messages')).toMatchObject([[{}, 2]]);
        expect(tracing.tree()).toEqual([]);
      });

      it('has one series for all values of a named token', async () => {
        instrumentation = instrument({ meter: provider.getMeter('by hand'), tracer: false });
        await start();
        const inner = await client.service<{ get(): string }>('inner');
        const get = inner.get as unknown as (payload: undefined, options: object) => Promise<string>;
        for (let id = 0; id < 1000; id++) {
          if (id % 2 === 0) await get(undefined, { params: { id: String(id) } });
          else await client.call(`inner.${id}.get`, undefined);
        }
        expect(await points('rpc.server.call.duration')).toEqual([
          [{ 'rpc.system.name': 'nats', 'rpc.method': 'inner/get' }, 1000],
        ]);
        expect(await points('rpc.client.call.duration')).toEqual([
          [{ 'rpc.system.name': 'nats', 'rpc.method': 'inner/get' }, 500],
          [{ 'rpc.system.name': 'nats', 'rpc.method': '_OTHER' }, 500],
        ]);
      });
    });
  });
});
