import { Endpoint, Service, unchecked } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { bucket, key, KeyValueStore, Schedule, ScheduleBook, Watch, type ScheduleContext } from '@natsmith/jetstream';
import { trace } from '@opentelemetry/api';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { useTracing } from './tracing';

const Limit = key('limits.{name}', unchecked<number>());
const Settings = bucket('traced-settings', { keys: [Limit] });
const TEMPLATE = '$KV.traced-settings.limits.{name}';

@Service({ name: 'printer', version: '1.0.0' })
class Printer {
  @Endpoint() print(): void {}
}

@Service({ name: 'gate', version: '1.0.0' })
class Gate {
  constructor(private readonly client: ServiceClient) {}

  @Watch(Settings, Limit) async limit(limit: number | undefined): Promise<void> {
    if (limit === 0) throw new TypeError('no limit');
    const printer = await this.client.service<Printer>('printer');
    await printer.print();
  }

  // On New Year's Day: whatever runs in a test is asked for.
  @Schedule('0 0 1 1 *', { retry: { attempts: 2, delays: ['5ms'] } })
  async report(_: undefined, { attempt }: ScheduleContext): Promise<void> {
    if (attempt === 1) throw new Error('no paper');
    const printer = await this.client.service<Printer>('printer');
    await printer.print();
  }
}

onEachJetStream((_server, client) => {
  describe('spans', () => {
    const hosts = useHosts();
    const tracing = useTracing();
    let connection: Connection;
    let settings: KeyValueStore<typeof Limit>;

    beforeEach(async () => {
      connection = await client.connect();
      settings = new KeyValueStore(connection, Settings);
      // A watch begins with the values that are there, and not with those that were deleted.
      await settings.delete(Limit, { params: { name: 'orders' } });
      const inner = await client.connect();
      await hosts.start([new Printer(), new Gate(new ServiceClient(inner as never))] as never, { connection: inner });
      tracing.reset();
    });

    const PRINTED = ['  CLIENT printer/print UNSET', '    SERVER printer/print UNSET'];
    const processed = () => tracing.spans.filter(({ name }) => name.startsWith('process'));

    it('of a watch are roots, around what it calls, and name the key as the bucket has it', async () => {
      await trace.getTracer('test').startActiveSpan('who puts', async (span) => {
        await settings.put(Limit, 60, { params: { name: 'orders' } });
        span.end();
      });
      await tracing.ended(4);
      expect(tracing.tree()).toEqual(['INTERNAL who puts UNSET', `CONSUMER process ${TEMPLATE} UNSET`, ...PRINTED]);
      expect(tracing.traces).toBe(2);
      expect(processed()[0]?.attributes).toEqual({
        'messaging.system.name': 'nats',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': TEMPLATE,
        'messaging.destination.template': TEMPLATE,
        'natsmith.service': 'gate',
        'natsmith.service.version': '1.0.0',
        'natsmith.service.id': expect.any(String) as string,
        'natsmith.handler': 'limit',
        'natsmith.kind': 'watch',
      });
    });

    it('of a watch that fails say so', async () => {
      await settings.put(Limit, 0, { params: { name: 'orders' } });
      await tracing.ended(1);
      expect(tracing.tree()).toEqual([`CONSUMER process ${TEMPLATE} ERROR`]);
      const [failed] = tracing.spans;
      expect(failed?.attributes).toMatchObject({ 'error.type': '500' });
      expect(failed?.events[0]?.attributes).toMatchObject({ 'exception.message': 'no limit' });
    });

    it('of a schedule are roots, one for each attempt, around what it calls', async () => {
      await new ScheduleBook(connection).run('gate', 'report');
      await tracing.ended(4);
      expect(tracing.tree()).toEqual([
        'CONSUMER process _tick.gate.report ERROR',
        'CONSUMER process _tick.gate.report UNSET',
        ...PRINTED,
      ]);
      const of = { 'natsmith.kind': 'schedule', 'natsmith.handler': 'report', 'natsmith.stream': 'SCHEDULES' };
      expect(processed().map(({ attributes }) => attributes)).toMatchObject([
        { ...of, 'natsmith.attempt': 1, 'natsmith.settlement': 'retried', 'error.type': '500' },
        { ...of, 'natsmith.attempt': 2, 'natsmith.settlement': 'acknowledged' },
      ]);
      expect(processed().map(({ links }) => links)).toEqual([[], []]);
    });
  });
}, '2.14.0');
