import { Endpoint, event, Service, ServiceError, Subscribe, unchecked, type RequestContext } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { Consume, eventStream, JetStreamPublisher, type BatchContext } from '@natsmith/jetstream';
import { SpanKind, trace } from '@opentelemetry/api';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { useTracing } from './tracing';

const Placed = event('traced.{id}.placed', unchecked<{ id: string }>());
const Mailed = event('traced-mail.{id}', unchecked<{ id: string }>());
const Orders = eventStream('TRACED', { events: [Placed] });
const Bulk = event('traced-bulk.{id}', unchecked<object>());
const Bulks = eventStream('TRACED_BULK', { events: [Bulk] });

let running = 0;
let goOn: () => void = () => undefined;
const traceIds: (string | undefined)[] = [];
const activeIn: Record<string, string | undefined> = {};
function noteActive(where: string): void {
  const active = trace.getActiveSpan() as { name?: string } | undefined;
  activeIn[where] = active?.name;
}

@Service({ name: 'stock', version: '1.0.0' })
class Stock {
  @Endpoint({ subject: 'stock.{id}.take' }) take(): string {
    noteActive('take');
    return 'taken';
  }
}

@Service({ name: 'mailer', version: '1.0.0' })
class Mailer {
  constructor(private readonly client: ServiceClient) {}

  @Consume(Orders, Placed, { retry: { attempts: 3, delays: ['5ms'] } })
  async mail({ id }: { id: string }, ctx: { attempt: number }): Promise<void> {
    if (id === 'retried' && ctx.attempt === 1) throw new Error('no mail today');
    await this.client.publish(Mailed, { id }, { params: { id } });
  }

  @Consume(Bulks, Bulk, { durable: 'bulk', batch: { size: 2, wait: '5s' } })
  bulk(_: object[], ctx: BatchContext): void {
    noteActive(`bulk of ${ctx.messages.length}`);
  }
}

@Service({ name: 'archive', version: '1.0.0' })
class Archive {
  @Subscribe(Mailed) mailed(): void {
    noteActive('mailed');
  }
}

@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  constructor(
    private readonly client: ServiceClient,
    private readonly publisher: JetStreamPublisher,
  ) {}

  @Endpoint() async order(id: string): Promise<void> {
    const stock = await this.client.service<{ take(): string }>('stock');
    await (stock.take as (payload: undefined, options: object) => Promise<string>)(undefined, { params: { id } });
    await this.publisher.publish(Placed, { id }, { params: { id } });
  }

  @Endpoint() async *items(): AsyncGenerator<number> {
    noteActive('first item');
    yield 1;
    await new Promise<void>((resolve) => (goOn = resolve));
    noteActive('second item');
    yield 2;
  }

  @Endpoint() async *breaking(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    throw new Error('secret');
  }

  @Endpoint() async *endless(): AsyncGenerator<number> {
    for (let i = 0; ; i++) yield await Promise.resolve(i);
  }

  @Endpoint({ timeout: 20 }) slow(): Promise<never> {
    return new Promise(() => undefined);
  }

  @Endpoint({ concurrency: 1, maxPending: 0 }) async one(_: undefined, ctx: RequestContext): Promise<void> {
    running++;
    await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
  }

  @Endpoint({ idempotent: true }) dull(): Promise<never> {
    return new Promise(() => undefined);
  }

  @Endpoint() audit(_: undefined, ctx: RequestContext): void {
    traceIds.push(ctx.traceId);
  }

  @Endpoint() refuse(): void {
    throw new ServiceError(404, 'no such order');
  }

  @Endpoint() break(): void {
    throw new TypeError('secret');
  }
}

interface Remote {
  order(id: string): void;
  items(): AsyncIterable<number>;
  breaking(): AsyncIterable<number>;
  endless(): AsyncIterable<number>;
  slow(): void;
  one(): void;
  refuse(): void;
  break(): void;
}

onEachJetStream((_server, client) => {
  describe('spans', () => {
    const hosts = useHosts();
    const tracing = useTracing();
    let caller: ServiceClient;
    let connection: Connection;

    beforeEach(async () => {
      traceIds.length = 0;
      connection = await client.connect();
      caller = new ServiceClient(connection as never);
      const inner = await client.connect();
      const services = new ServiceClient(inner as never);
      const targets = [
        new Stock(),
        new Mailer(services),
        new Archive(),
        new Shop(services, new JetStreamPublisher(inner)),
      ];
      await hosts.start(targets as never, { connection: inner });
      for (const name of Object.keys(activeIn)) delete activeIn[name];
      tracing.reset();
    });
    afterEach(() => caller.close());

    const shop = () => caller.service<Remote>('shop');

    it('of three services and a queue are one tree', async () => {
      await (await shop()).order('7');
      await tracing.ended(8);
      expect(tracing.tree()).toEqual([
        'CLIENT shop/order UNSET',
        '  SERVER shop/order UNSET',
        '    CLIENT stock/take UNSET',
        '      SERVER stock/take UNSET',
        '    PRODUCER publish traced.{id}.placed UNSET',
        '      CONSUMER process traced.{id}.placed UNSET',
        '        PRODUCER publish traced-mail.{id} UNSET',
        '          CONSUMER process traced-mail.{id} UNSET',
      ]);
      expect(tracing.traces).toBe(1);
      expect(activeIn).toMatchObject({ take: 'stock/take', mailed: 'process traced-mail.{id}' });
    });

    it('of a consumed message are linked to the publish, say what became of it, and are one for each attempt', async () => {
      await (await shop()).order('retried');
      await tracing.ended(9);
      expect(tracing.tree().slice(4)).toEqual([
        '    PRODUCER publish traced.{id}.placed UNSET',
        '      CONSUMER process traced.{id}.placed ERROR',
        '      CONSUMER process traced.{id}.placed UNSET',
        '        PRODUCER publish traced-mail.{id} UNSET',
        '          CONSUMER process traced-mail.{id} UNSET',
      ]);
      const publish = tracing.named('publish traced.{id}.placed').spanContext();
      const attempts = tracing.spans.filter(({ name }) => name === 'process traced.{id}.placed');
      expect(attempts.map(({ links }) => links.map(({ context }) => context.spanId))).toEqual([
        [publish.spanId],
        [publish.spanId],
      ]);
      expect(attempts[0]?.status.message).toBe('internal error');
      expect(attempts[0]?.events[0]?.attributes).toMatchObject({ 'exception.message': 'no mail today' });
      expect(attempts[0]?.attributes).toMatchObject({
        'error.type': '500',
        'natsmith.attempt': 1,
        'natsmith.settlement': 'retried',
      });
      expect(attempts[1]?.attributes).toMatchObject({
        'messaging.system.name': 'nats',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'traced.{id}.placed',
        'messaging.destination.template': 'traced.{id}.placed',
        'messaging.consumer.group.name': 'mailer-mail',
        'natsmith.service': 'mailer',
        'natsmith.handler': 'mail',
        'natsmith.kind': 'consumer',
        'natsmith.stream': 'TRACED',
        'natsmith.attempt': 2,
        'natsmith.settlement': 'acknowledged',
      });
    });

    it('of a batch are roots, with a link to each publish', async () => {
      const publisher = new JetStreamPublisher(connection);
      for (const id of ['1', '2']) await publisher.publish(Bulk, {}, { params: { id } });
      await tracing.ended(3);
      expect(tracing.tree()).toEqual([
        'PRODUCER publish traced-bulk.{id} UNSET',
        'PRODUCER publish traced-bulk.{id} UNSET',
        'CONSUMER process traced-bulk.{id} UNSET',
      ]);
      expect(tracing.traces).toBe(3);
      const batch = tracing.named('process traced-bulk.{id}');
      const published = tracing.spans.filter(({ name }) => name.startsWith('publish'));
      expect(batch.links.map(({ context }) => context.spanId)).toEqual(
        published.map((span) => span.spanContext().spanId),
      );
      expect(batch.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
      expect(activeIn).toEqual({ 'bulk of 2': 'process traced-bulk.{id}' });
    });

    it('of a stream end with it, and are around the body of its generator', async () => {
      const seen: number[] = [];
      for await (const item of (await shop()).items()) {
        seen.push(item);
        if (seen.length === 1) expect(tracing.spans.map(({ name }) => name)).toEqual([]);
        goOn();
      }
      await tracing.ended(2);
      expect(seen).toEqual([1, 2]);
      expect(tracing.tree()).toEqual(['CLIENT shop/items UNSET', '  SERVER shop/items UNSET']);
      expect(activeIn).toEqual({ 'first item': 'shop/items', 'second item': 'shop/items' });
      const call = tracing.spans.find(({ attributes }) => 'natsmith.items' in attributes);
      expect(call?.attributes['natsmith.items']).toBe(2);
    });

    it('of a stream that breaks, or that its reader leaves, say how it ended on both sides', async () => {
      const remote = await shop();
      await expect(async () => {
        for await (const _ of remote.breaking());
      }).rejects.toThrow('internal error');
      await tracing.ended(2);
      expect(tracing.tree()).toEqual(['CLIENT shop/breaking ERROR', '  SERVER shop/breaking ERROR']);
      expect(tracing.spans.map(({ attributes }) => attributes['rpc.response.status_code'])).toEqual(['500', '500']);
      tracing.reset();
      for await (const _ of remote.endless()) break;
      await tracing.ended(2);
      expect(tracing.tree()).toEqual(['CLIENT shop/endless UNSET', '  SERVER shop/endless UNSET']);
      expect(tracing.spans.map(({ attributes }) => attributes['rpc.response.status_code'])).toEqual([
        undefined,
        undefined,
      ]);
    });

    it('of a call that nobody takes are an error of the caller', async () => {
      await caller.call('traced.nobody', undefined).catch(() => undefined);
      await tracing.ended(1);
      expect(tracing.tree()).toEqual(['CLIENT nats ERROR']);
      expect(tracing.spans[0]?.attributes).toMatchObject({ 'rpc.response.status_code': '503', 'error.type': '503' });
    });

    it('of a time-out, a 500 and a refusal have the right statuses on both sides', async () => {
      const remote = await shop();
      for (const name of ['slow', 'break', 'refuse'] as const) await remote[name]().catch(() => undefined);
      await tracing.ended(6);
      expect(tracing.tree()).toEqual([
        'CLIENT shop/slow ERROR',
        '  SERVER shop/slow ERROR',
        'CLIENT shop/break ERROR',
        '  SERVER shop/break ERROR',
        'CLIENT shop/refuse ERROR',
        '  SERVER shop/refuse UNSET',
      ]);
      const codes = tracing.spans.map(({ name, kind, attributes }) => [
        `${SpanKind[kind]} ${name}`,
        attributes['rpc.response.status_code'],
        attributes['error.type'],
      ]);
      expect(codes).toEqual(
        expect.arrayContaining([
          ['SERVER shop/slow', '504', '504'],
          ['CLIENT shop/slow', '504', '504'],
          ['SERVER shop/break', '500', '500'],
          ['CLIENT shop/break', '500', '500'],
          ['SERVER shop/refuse', '404', undefined],
          ['CLIENT shop/refuse', '404', '404'],
        ]),
      );
      const broken = tracing.spans.find(({ name, kind }) => name === 'shop/break' && kind === SpanKind.SERVER);
      expect(broken?.status.message).toBe('internal error');
      expect(broken?.events[0]?.attributes).toMatchObject({
        'exception.type': 'TypeError',
        'exception.message': 'secret',
      });
    });

    it('of what finds no place and of what its caller takes back have the right statuses', async () => {
      const remote = await shop();
      const leaving = new AbortController();
      const call = remote.one as unknown as (payload: undefined, options: object) => Promise<void>;
      const first = call(undefined, { signal: leaving.signal }).catch(() => undefined);
      await until(() => running > 0);
      await remote.one().catch(() => undefined);
      await tracing.ended(2);
      expect(tracing.tree()).toEqual(['CLIENT shop/one ERROR', '  SERVER shop/one ERROR']);
      expect(tracing.spans.map(({ attributes }) => attributes['rpc.response.status_code'])).toEqual(['503', '503']);
      tracing.reset();
      leaving.abort();
      await first;
      await tracing.ended(2);
      expect(tracing.tree()).toEqual(['CLIENT shop/one ERROR', '  SERVER shop/one UNSET']);
      const server = tracing.spans.find(({ kind }) => kind === SpanKind.SERVER);
      expect(server?.attributes['rpc.response.status_code']).toBe('499');
      const caller = tracing.spans.find(({ kind }) => kind === SpanKind.CLIENT);
      expect(caller?.attributes['error.type']).toBe('AbortError');
    });

    it('never name a subject', async () => {
      await (await shop()).order('42');
      await caller.call('stock.42.take', undefined);
      await tracing.ended(10);
      expect(tracing.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['nats']));
      const said = tracing.spans.map(({ name, attributes }) => JSON.stringify([name, attributes]));
      expect(said.filter((text) => /[.]42|42[.]/.test(text))).toEqual([]);
    });

    it('of a retry tell how often the request was sent', async () => {
      const remote = await caller.service<{ dull(): void }>('shop');
      const call = remote.dull as unknown as (payload: undefined, options: object) => Promise<void>;
      await call(undefined, { timeout: 50, retries: 1 }).catch(() => undefined);
      const sent = await tracing.ended(3);
      expect(tracing.tree()).toEqual([
        'CLIENT shop/dull ERROR',
        '  SERVER shop/dull ERROR',
        '  SERVER shop/dull ERROR',
      ]);
      const [called] = sent.filter(({ kind }) => kind === SpanKind.CLIENT);
      expect([called?.attributes['natsmith.attempts'], called?.attributes['error.type']]).toEqual([2, '504']);
    });

    it('are where log lines have their trace id from', async () => {
      await connection.request('audit');
      const [audit] = await tracing.ended(1);
      expect(traceIds).toEqual([audit?.spanContext().traceId]);
    });
  });
});
