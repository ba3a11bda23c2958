import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Service, ServiceError, event, unchecked, type MessageEnd } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import {
  bucket,
  Consume,
  Drop,
  eventStream,
  JetStreamPublisher,
  key,
  KeyValueStore,
  publishChannel,
  Reject,
  Retry,
  Watch,
  type BatchContext,
  type BatchSettlement,
  type PublishOperation,
} from '../src/index';

const Task = event('told.{id}.task', unchecked<{ how: string }>());
const Part = event('told-parts.{id}', unchecked<{ how: string }>());
const Tasks = eventStream('TOLD', { events: [Task, Part] });
const Limit = key('limits.{name}', unchecked<number>());
const Settings = bucket('told', { keys: [Limit] });

const headersSeen: (string | undefined)[] = [];

@Service({ name: 'told', version: '1.0.0' })
class Told {
  @Consume(Tasks, Task, { retry: { attempts: 2, delays: ['5ms'] } })
  task(
    { how }: { how: string },
    ctx: { readonly attempt: number; headers: { get(name: string): string | undefined } },
  ) {
    headersSeen.push(ctx.headers.get('traceparent'));
    if (how === 'drop') throw new Drop('not wanted');
    if (how === 'reject') throw new Reject('never');
    if (how === 'refuse') throw new ServiceError(409, 'refused');
    if (how === 'retry' && ctx.attempt === 1) throw new Retry('7ms');
    if (how === 'fail') throw new Error('broken');
  }

  @Consume(Tasks, Part, { durable: 'parts', batch: { size: 2, wait: '5s' } })
  parts(_: { how: string }[], ctx: BatchContext<typeof Part>): void {
    ctx.messages[1]?.fail(new Reject('not this one'));
  }

  @Watch(Settings, Limit)
  limit(): void {
    // Told of, like every message.
  }
}

onEachJetStream((_server, client) => {
  describe('the channels of JetStream', () => {
    const hosts = useHosts();
    let connection: Connection;
    let publisher: JetStreamPublisher;
    let ends: MessageEnd[];
    const onEnd = (message: unknown): void => void ends.push(message as MessageEnd);
    const settlements = (kind: string): unknown[] =>
      ends.filter(({ ctx }) => ctx.kind === kind).map(({ outcome, code, settlement }) => [outcome, code, settlement]);

    beforeEach(async () => {
      ends = [];
      headersSeen.length = 0;
      connection = await client.connect();
      publisher = new JetStreamPublisher(connection);
      await hosts.start(Told, { connection: await client.connect() });
      subscribe('natsmith:message:end', onEnd);
    });
    afterEach(() => {
      unsubscribe('natsmith:message:end', onEnd);
    });
    const publish = (how: string) => publisher.publish(Task, { how }, { params: { id: '1' } });

    it.each([
      ['return', [['done', undefined, { end: 'acknowledged' }]]],
      ['drop', [['done', undefined, { end: 'dropped' }]]],
      ['reject', [['failed', 400, { end: 'buried' }]]],
      ['refuse', [['failed', 409, { end: 'buried' }]]],
      [
        'retry',
        [
          ['failed', 503, { end: 'retried', delay: 7 }],
          ['done', undefined, { end: 'acknowledged' }],
        ],
      ],
      [
        'fail',
        [
          ['failed', 500, { end: 'retried', delay: 5 }],
          ['failed', 500, { end: 'buried' }],
        ],
      ],
    ])('tell what has become of a message of a handler that does: %s', async (how, expected) => {
      await publish(how);
      await until(() => ends.length === expected.length);
      expect(settlements('consumer')).toEqual(expected);
    });

    it('tell what has become of each message of a batch', async () => {
      for (const id of ['1', '2']) await publisher.publish(Part, { how: '' }, { params: { id } });
      await until(() => ends.length === 1);
      const { messages } = ends[0]?.settlement as BatchSettlement;
      expect(messages).toMatchObject([
        { subject: 'told-parts.1', attempt: 1, error: undefined, end: 'acknowledged' },
        { subject: 'told-parts.2', attempt: 1, error: '400:not this one', end: 'buried' },
      ]);
      expect(messages.map(({ headers }) => headers.get('traceparent'))).toEqual([undefined, undefined]);
    });

    it('tell of changes that a watch hands over', async () => {
      await new KeyValueStore(connection, Settings).put(Limit, 5, { params: { name: 'orders' } });
      await until(() => ends.length === 1);
      const [end] = ends;
      expect([end?.ctx.kind, end?.outcome, end?.ctx.handler.metadata.subject_template]).toEqual([
        'watch',
        'done',
        '$KV.told.limits.{name}',
      ]);
    });

    describe('natsmith:jetstream:publish', () => {
      let seen: string[];
      const note =
        (what: string) =>
        (operation: unknown): void => {
          const { subject, template, code, result } = operation as PublishOperation;
          seen.push(`${what} ${subject} ${template} ${code} ${result?.stream}`);
        };
      const listeners = {
        start: (operation: PublishOperation): void => {
          note('start')(operation);
          operation.headers.set('traceparent', `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`);
        },
        end: (): void => undefined,
        asyncStart: (): void => undefined,
        asyncEnd: note('over'),
        error: note('error'),
      };
      beforeEach(() => {
        seen = [];
        publishChannel.subscribe(listeners);
      });
      afterEach(() => {
        publishChannel.unsubscribe(listeners);
      });

      it('reports what a stream stores, and sends the headers that a listener sets', async () => {
        await publish('return');
        await until(() => headersSeen.length === 1);
        expect(seen).toEqual([
          'start told.1.task told.{id}.task undefined undefined',
          'over told.1.task told.{id}.task undefined TOLD',
        ]);
        expect(headersSeen).toEqual([`00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`]);
      });

      it('reports what was prepared, whose template is not known any more', async () => {
        await publisher.send(await publisher.prepare(Task, { how: 'return' }, { params: { id: '2' } }));
        expect(seen).toEqual([
          'start told.2.task undefined undefined undefined',
          'over told.2.task undefined undefined TOLD',
        ]);
      });

      it('reports what no stream stores', async () => {
        const Lost = event('told-lost.{id}', unchecked<object>());
        await expect(publisher.publish(Lost, {}, { params: { id: '1' } })).rejects.toThrow('no stream');
        expect(seen.slice(1)).toEqual([
          'error told-lost.1 told-lost.{id} 503 undefined',
          'over told-lost.1 told-lost.{id} 503 undefined',
        ]);
      });

      it('carries a store that is bound to the start to what awaits the receipt', async () => {
        const store = new AsyncLocalStorage<string>();
        await store.run('outer', async () => {
          await publish('return');
          expect(store.getStore()).toBe('outer');
        });
      });
    });
  });
});
