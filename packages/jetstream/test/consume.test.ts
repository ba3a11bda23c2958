import { setTimeout as delay } from 'node:timers/promises';
import { Service, ServiceError } from '@natsmith/core';
import { event } from '@natsmith/protocol';
import { jetstream, jetstreamManager, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { IsInt } from 'class-validator';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { itSince, onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import { Consume, Drop, eventStream, Reject, Retry, type BatchContext, type ConsumerContext } from '../src/index';

class Work {
  @IsInt() n!: number;
}
type Run = [n: number, attempt: number];

/** What the worker does with a task; by its number. */
const act: { now: (n: number, ctx: ConsumerContext) => unknown } = { now: () => undefined };

/** A stream of its own for each test: a server that is asked to make one again at once may find the old one on its disk. */
function makeWorker(id: number) {
  const Task = event(`tasks-${id}.{id}`, Work);
  const Other = event(`others-${id}.{id}`, 'unchecked');
  const Tasks = eventStream(`TASKS_${id}`, { events: [Task, Other] });

  @Service({ name: 'worker', version: '1.0.0' })
  class Worker {
    readonly runs: Run[] = [];

    @Consume(Tasks, Task, {
      concurrency: 4,
      timeout: 1000,
      retry: { attempts: 3, delays: ['20ms', '40ms'] },
      ackWait: '3s',
    })
    async work({ n }: Work, ctx: ConsumerContext): Promise<void> {
      this.runs.push([n, ctx.attempt]);
      await act.now(n, ctx);
    }
  }
  return { Task, Other, Tasks, Worker };
}

onEachJetStream((server, client) => {
  describe('a consumer', () => {
    const hosts = useHosts();
    let connection: Connection;
    let manager: JetStreamManager;

    let id = 0;
    let made: ReturnType<typeof makeWorker>;

    beforeEach(async () => {
      act.now = () => undefined;
      made = makeWorker(++id);
      connection = await client.connect();
      manager = await jetstreamManager(connection as never);
      await manager.streams.purge('DEAD_LETTERS').catch(() => undefined);
    });
    const start = async (options = {}) => {
      const { host, service } = await hosts.start(made.Worker, { connection: await client.connect(), ...options });
      return { host, service, worker: host.get(made.Worker) };
    };
    const publish = async (...tasks: unknown[]): Promise<void> => {
      const js = jetstream(connection as never);
      for (const n of tasks)
        await js.publish(`tasks-${id}.${String(n)}`, JSON.stringify({ n }), { headers: undefined });
    };
    const state = async () => {
      const info = await manager.consumers.info(made.Tasks.name, 'worker-work');
      return {
        acknowledged: info.ack_floor.stream_seq,
        unacknowledged: info.num_ack_pending,
        pending: info.num_pending,
      };
    };
    const settled = (count: number) =>
      until(async () => {
        const { acknowledged, unacknowledged } = await state();
        return acknowledged >= count && unacknowledged === 0;
      });
    const letters = async () => {
      const { state: of } = await manager.streams.info('DEAD_LETTERS');
      const all: StoredMsg[] = [];
      for (let seq = of.first_seq; of.messages > 0 && seq <= of.last_seq; seq++) {
        const message = await manager.streams.getMessage('DEAD_LETTERS', { seq });
        if (message) all.push(message);
      }
      return all;
    };

    it('acknowledges what the handler returns for', async () => {
      const { worker } = await start();
      await publish(1, 2, 3);
      await settled(3);
      expect(worker.runs.sort()).toEqual([
        [1, 1],
        [2, 1],
        [3, 1],
      ]);
    });

    it('the context describes the message', async () => {
      const seen: unknown[] = [];
      act.now = (_, ctx) => {
        seen.push([ctx.kind, ctx.params, ctx.stream, ctx.sequence, ctx.attempt, ctx.pending, ctx.event === made.Task]);
        seen.push(Math.abs(ctx.time.getTime() - Date.now()) < 60_000, ctx.handler.queueGroup);
      };
      await start();
      await publish(1);
      await settled(1);
      expect(seen).toEqual([['consumer', { id: '1' }, made.Tasks.name, 1, 1, 0, true], true, 'worker-work']);
    });

    it('runs a message again whose handler throws, after each delay, and buries it after the last attempt', async () => {
      const { worker } = await start();
      const at: number[] = [];
      act.now = () => {
        at.push(performance.now());
        throw new Error('secret reason');
      };
      await publish(7);
      await settled(1);
      expect(worker.runs).toEqual([
        [7, 1],
        [7, 2],
        [7, 3],
      ]);
      expect(at[1]! - at[0]!).toBeGreaterThan(15);
      expect(at[2]! - at[1]!).toBeGreaterThan(35);
      const [letter, ...more] = await letters();
      expect(more).toEqual([]);
      expect(letter?.subject).toBe(`dead.${made.Tasks.name}.worker-work.1`);
      expect(letter?.json()).toEqual({ n: 7 });
      const header = (name: string) => letter?.header.get(name);
      expect(header('Natsmith-Stream')).toBe(made.Tasks.name);
      expect(header('Natsmith-Sequence')).toBe('1');
      expect(header('Natsmith-Consumer')).toBe('worker-work');
      expect(header('Natsmith-Subject')).toBe(`tasks-${id}.7`);
      expect(header('Natsmith-Attempts')).toBe('3');
      expect(header('Natsmith-Code')).toBe('500');
      expect(header('Natsmith-Description')).toBe('internal error');
    });

    it.each([
      ['is not valid', 'x', () => undefined, '400', 'validation failed'],
      [
        'is rejected',
        1,
        () => {
          throw new Reject('no such order', { data: { id: 5 } });
        },
        '400',
        'no such order',
      ],
      [
        'fails with an error 4xx of its own',
        1,
        () => {
          throw new ServiceError(404, 'no such customer');
        },
        '404',
        'no such customer',
      ],
    ] as [string, unknown, () => undefined, string, string][])(
      'buries at once what %s',
      async (_, task, doing, code, description) => {
        const { worker } = await start();
        act.now = doing;
        await publish(task);
        await settled(1);
        expect(worker.runs.length).toBe(task === 'x' ? 0 : 1);
        const [letter] = await letters();
        expect(letter?.header.get('Natsmith-Code')).toBe(code);
        expect(letter?.header.get('Natsmith-Description')).toBe(description);
      },
    );

    it.each([408, 429, 503])('runs a message again whose handler fails with %d', async (code) => {
      const { worker } = await start();
      act.now = (_, { attempt }) => {
        if (attempt === 1) throw new ServiceError(code, 'not now');
      };
      await publish(1);
      await settled(1);
      expect(worker.runs).toHaveLength(2);
    });

    it('runs a message again after the delay of Retry, which counts as an attempt', async () => {
      const { worker } = await start();
      act.now = () => {
        throw new Retry('10ms');
      };
      await publish(1);
      await settled(1);
      expect(worker.runs).toHaveLength(3);
      expect(await letters()).toHaveLength(1);
    });

    it('warns of a failed run with its delay as an option has it', async () => {
      act.now = () => {
        throw new Retry('5h');
      };
      const logger = new Log();
      await start({ logger });
      await publish(1);
      await until(() => logger.of('warn').length > 0);
      expect(logger.problems).toMatch(/^run 1 of 3 failed: .*; again in 5h $/);
    });

    it('terminates what Drop says without a dead letter', async () => {
      const { worker } = await start();
      act.now = () => {
        throw new Drop('nobody needs it');
      };
      await publish(1);
      await settled(1);
      expect(worker.runs).toHaveLength(1);
      expect(await letters()).toEqual([]);
    });

    it('buries what hangs in each run, and handles what waits behind it', async () => {
      act.now = (n) => (n < 5 ? new Promise(() => undefined) : undefined);
      const { worker } = await start();
      await publish(1, 2, 3, 4, 5);
      await settled(5);
      expect(worker.runs.filter(([n]) => n < 5)).toHaveLength(12);
      expect(worker.runs.filter(([n]) => n === 5)).toEqual([[5, 1]]);
      const buried = (await letters()).map(({ header }) => header.get('Natsmith-Code'));
      expect(buried).toEqual(['504', '504', '504', '504']);
    });

    it('runs a message again whose handler throws what throws itself, and reads on', async () => {
      const lie = (): never => {
        throw new Error('no look at me');
      };
      const { worker } = await start();
      act.now = (n) => {
        if (n === 1) throw new Proxy(new Error(), { has: lie, get: lie, getPrototypeOf: lie });
      };
      await publish(1, 2);
      await settled(2);
      expect(worker.runs.filter(([n]) => n === 1)).toHaveLength(3);
      expect(await letters()).toHaveLength(1);
    });

    it('buries with a reason that would not fit into a letter', async () => {
      await start();
      act.now = () => {
        throw new Reject('x'.repeat(2_000_000));
      };
      await publish(1);
      await settled(1);
      const [letter] = await letters();
      expect(letter?.header.get('Natsmith-Description')).toMatch(/^x{999}…$/);
      expect(letter?.json()).toEqual({ n: 1 });
    });

    it.each([
      [Infinity, '500'],
      [Number.MAX_SAFE_INTEGER, undefined],
    ])('takes %d as the delay of Retry, or names it as invalid', async (delay, code) => {
      const logger = new Log();
      await start({ logger });
      act.now = () => {
        throw new Retry(delay);
      };
      await publish(1);
      if (code === undefined) {
        await until(() => logger.of('warn').length > 0);
        expect(await state()).toMatchObject({ unacknowledged: 1 });
      } else {
        await settled(1);
        expect((await letters())[0]?.header.get('Natsmith-Code')).toBe(code);
      }
    });

    it('runs a message again whose time is up', async () => {
      const { worker } = await start();
      act.now = async (_, { attempt, signal }) => {
        if (attempt === 1) await delay(5000, undefined, { signal });
      };
      await publish(1);
      await settled(1);
      expect(worker.runs).toEqual([
        [1, 1],
        [1, 2],
      ]);
    });

    it('handles each message once, though handlers take longer than ackWait and others wait meanwhile', async () => {
      @Service({ name: 'slow', version: '1.0.0' })
      class Slow {
        readonly runs: number[] = [];
        @Consume(made.Tasks, made.Task, { concurrency: 1, ackWait: '1s' })
        async work({ n }: Work): Promise<void> {
          this.runs.push(n);
          await delay(n === 0 ? 2_000 : 5);
        }
      }
      const { host } = await hosts.start(Slow, { connection: await client.connect() });
      const slow = host.get(Slow);
      const all = Array.from({ length: 30 }, (_, n) => n);
      await publish(...all);
      await until(() => slow.runs.length >= 30);
      await delay(300);
      expect(slow.runs).toEqual(all);
    });

    it('at stop gives back at once what has not begun, and finishes what runs', async () => {
      const releases: (() => void)[] = [];
      act.now = () => new Promise<void>((resolve) => releases.push(resolve));
      const { host, worker } = await start({ stopTimeout: 3000 });
      await publish(1, 2, 3, 4, 5, 6, 7, 8);
      await until(() => worker.runs.length === 4);
      const stopped = host.stop();
      const other = await start();
      act.now = () => undefined;
      await until(() => other.worker.runs.length >= 4);
      for (const release of releases) release();
      await stopped;
      expect(worker.runs).toHaveLength(4);
      expect(other.worker.runs.map(([n]) => n).sort()).toEqual([5, 6, 7, 8]);
    });

    it('gives back what a stop cuts off, and that buries nothing', async () => {
      act.now = (_, { attempt }) => (attempt <= 4 ? new Promise(() => undefined) : undefined);
      for (let i = 0; i < 4; i++) {
        const { host, worker } = await start({ stopTimeout: 20 });
        if (i === 0) await publish(1);
        await until(() => worker.runs.length === 1);
        await host.stop();
      }
      const { worker } = await start();
      await settled(1);
      expect(worker.runs).toEqual([[1, 5]]);
      expect(await letters()).toEqual([]);
    });

    // The broker forgets everything when it stops.
    (server.kind === 'broker' ? it.skip : it)('goes on after the server was killed', async () => {
      const options = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 };
      const { host } = await hosts.start(made.Worker, { connection: await client.connect(options) });
      await publish(1);
      await settled(1);
      await server.kill();
      await server.restart();
      connection = await client.connect();
      // The broker has forgotten the stream, which is made again.
      await until(() =>
        publish(2).then(
          () => true,
          () => false,
        ),
      );
      // The first may come once more: the server had not written its acknowledgement to disk.
      const { runs } = host.get(made.Worker);
      await until(() => runs.some(([n]) => n === 2));
      expect(new Set(runs.map(([n]) => n))).toEqual(new Set([1, 2]));
    });

    it('is made again when somebody deletes it', async () => {
      const { worker } = await start();
      await publish(1);
      await settled(1);
      await manager.consumers.delete(made.Tasks.name, 'worker-work');
      await publish(2);
      await until(() => worker.runs.some(([n]) => n === 2));
    });

    it('handles the messages of a stream that was made again, though one of the former stream still runs', async () => {
      const releases = new Map<number, () => void>();
      @Service({ name: 'patient', version: '1.0.0' })
      class Patient {
        @Consume(made.Tasks, made.Task, { concurrency: 4 }) work({ n }: Work): Promise<void> {
          return new Promise((resolve) => releases.set(n, resolve));
        }
      }
      const own = await client.connect();
      await hosts.start(Patient, { connection: own });
      await publish(1);
      await until(() => releases.has(1));
      const { config } = await manager.streams.info(made.Tasks.name);
      await manager.streams.delete(made.Tasks.name);
      await manager.streams.add(config);
      await publish(2);
      await until(() => releases.has(2));
      releases.get(1)?.();
      // What the first one's handler brings about is sent before this comes back.
      await delay(0);
      await own.flush();
      const ofPatient = () => manager.consumers.info(made.Tasks.name, 'patient-work');
      expect((await ofPatient()).num_ack_pending).toBe(1);
      releases.get(2)?.();
      await until(async () => (await ofPatient()).ack_floor.stream_seq === 1);
    });

    it('of several events is one consumer, with an entry for each subject', async () => {
      const seen: unknown[] = [];
      @Service({ name: 'both', version: '1.0.0' })
      class Both {
        @Consume(made.Tasks, [made.Task, made.Other] as never) handle(payload: unknown, ctx: ConsumerContext): void {
          seen.push([ctx.event.subject, ctx.params.id, payload]);
        }
      }
      const { service } = await hosts.start(Both, { connection: await client.connect() });
      const js = jetstream(connection as never);
      await js.publish(`tasks-${id}.1`, '{"n":1}');
      await js.publish(`others-${id}.2`, '"free"');
      await until(() => seen.length === 2);
      expect(seen).toEqual([
        [made.Task.subject, '1', { n: 1 }],
        [made.Other.subject, '2', 'free'],
      ]);
      expect(service.info().endpoints).toMatchObject([
        {
          name: 'handle',
          subject: `tasks-${id}.*`,
          queue_group: 'both-handle',
          metadata: { kind: 'consumer', stream: made.Tasks.name },
        },
        { name: 'handle', subject: `others-${id}.*`, queue_group: 'both-handle' },
      ]);
      expect((await manager.consumers.info(made.Tasks.name, 'both-handle')).config.filter_subjects).toEqual([
        `tasks-${id}.*`,
        `others-${id}.*`,
      ]);
    });

    it('takes no message that is not of its consumer, and publishes to no subject that others name', async () => {
      const asked: string[] = [];
      const spy = connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${made.Tasks.name}.>`, {
        callback: (_error, { reply }) => void asked.push(reply ?? ''),
      });
      await connection.flush();
      const { worker } = await start();
      await until(() => asked.length > 0);
      await publish(1);
      await settled(1);
      const inbox = asked.at(-1) as string;
      const { name } = made.Tasks;
      for (const reply of [
        undefined,
        `$JS.API.STREAM.PURGE.${name}`,
        `$JS.API.CONSUMER.DELETE.${name}.worker-work`,
        `tasks-${id}.7`,
        `$JS.ACK.${name}.other.1.2.2.1764115200123456789.0`,
        `$JS.ACK.OTHER.worker-work.1.2.2.1764115200123456789.0`,
        `$JS.ACK.${name}.worker-work.1.x.2.1764115200123456789.0`,
        `$JS.ACK.${name}.worker-work.1.2.2.1764115200123456789`,
      ])
        connection.publish(inbox, Buffer.from('{"n":7}'), reply === undefined ? {} : { reply });
      await connection.flush();
      await publish(2);
      await settled(2);
      expect(worker.runs.map(([n]) => n)).toEqual([1, 2]);
      expect((await manager.streams.info(name)).state).toMatchObject({ messages: 2, last_seq: 2 });
      spy.unsubscribe();
    });

    it('is refused with what differs where nothing is to be changed', async () => {
      const connection2 = await client.connect();
      await expect(hosts.start(made.Worker, { connection: connection2, provision: 'verify' })).rejects.toThrow(
        /stream "TASKS_\d+" does not exist/,
      );
      await start();
      await manager.consumers.update(made.Tasks.name, 'worker-work', { max_ack_pending: 5 });
      await expect(hosts.start(made.Worker, { connection: connection2, provision: 'verify' })).rejects.toThrow(
        `consumer "worker-work" of stream "${made.Tasks.name}" differs: max_ack_pending is 5, not 10000`,
      );
      await start();
      expect((await manager.consumers.info(made.Tasks.name, 'worker-work')).config.max_ack_pending).toBe(10_000);
    });

    it('hands over batches, whose messages end one by one', async () => {
      const batches: number[][] = [];
      @Service({ name: 'batches', version: '1.0.0' })
      class Batches {
        @Consume(made.Tasks, made.Task, {
          batch: { size: 3, wait: '1s' },
          retry: { attempts: 2, delays: ['10ms'] },
        })
        work(tasks: Work[], ctx: BatchContext): void {
          batches.push(tasks.map(({ n }) => n));
          expect(ctx.messages.map(({ params }) => Number(params.id))).toEqual(tasks.map(({ n }) => n));
          for (const [i, { n }] of tasks.entries()) {
            if (n === 2) ctx.messages[i]?.fail(new Error('once more'));
            if (n === 3) ctx.messages[i]?.fail(new Reject('never'));
          }
          if (tasks.some(({ n }) => n === 5)) throw new Error('all of them');
        }
      }
      const { service } = await hosts.start(Batches, { connection: await client.connect() });
      await publish(1, 'x', 2, 3, 5);
      await until(async () => {
        const info = await manager.consumers.info(made.Tasks.name, 'batches-work');
        return info.ack_floor.stream_seq === 5 && info.num_ack_pending === 0;
      });
      expect(batches[0]).toEqual([1, 2]);
      expect(batches.flat().filter((n) => n === 2)).toHaveLength(2);
      expect(batches.flat().filter((n) => n === 5)).toHaveLength(2);
      expect(batches.flat().filter((n) => n === 1)).toHaveLength(1);
      const buried = (await letters()).map((letter) => letter.header.get('Natsmith-Subject').split('.')[1]);
      expect(buried.sort()).toEqual(['2', '3', '5', 'x']);
      expect(service.info().endpoints).toMatchObject([{ name: 'work', metadata: { kind: 'batch' } }]);
    });

    it('ends a message only when the server has confirmed its acknowledgement, with "confirm"', async () => {
      let runs = 0;
      @Service({ name: 'sure', version: '1.0.0' })
      class Sure {
        @Consume(made.Tasks, made.Task, { confirm: true }) work(_: Work): void {
          runs++;
        }
      }
      const { service } = await hosts.start(Sure, { connection: await client.connect() });
      await publish(1, 2);
      await until(async () => ((await service.stats()).endpoints[0]?.num_requests ?? 0) === 2);
      expect((await manager.consumers.info(made.Tasks.name, 'sure-work')).num_ack_pending).toBe(0);
      expect(runs).toBe(2);
    });

    itSince(server, '2.11.0')(
      'keeps the order of each value of a token, and holds up that value only when a message comes again',
      async () => {
        const runs: string[] = [];
        const Step = event(`steps-${id}.{order}.{n}`, 'unchecked');
        const Steps = eventStream(`STEPS_${id}`, { events: [Step] });
        @Service({ name: 'ordered', version: '1.0.0' })
        class Ordered {
          @Consume(Steps, Step, {
            orderBy: 'order',
            concurrency: 8,
            retry: { attempts: 3, delays: ['150ms'] },
            ackWait: '2s',
          })
          async step(_: unknown, ctx: ConsumerContext<typeof Step>): Promise<void> {
            const { order, n } = ctx.params;
            await delay(order === 'b' ? 4 : 1);
            if (order === 'a' && n === '2') {
              if (ctx.attempt === 1) throw new Error('once more');
              await until(() => runs.includes('b5') && runs.includes('c5')); // the others do not wait for "a"
            }
            runs.push(`${order}${n}`);
          }
        }
        await hosts.start(Ordered, { connection: await client.connect() });
        const js = jetstream(connection as never);
        for (let n = 1; n <= 5; n++)
          for (const order of ['a', 'b', 'c']) await js.publish(`steps-${id}.${order}.${n}`, 'null');
        await until(() => runs.length === 15);
        for (const order of ['a', 'b', 'c'])
          expect(runs.filter((run) => run.startsWith(order))).toEqual([1, 2, 3, 4, 5].map((n) => `${order}${n}`));
      },
    );

    itSince(server, '2.11.0')('lets go of what is exclusive when it stops', async () => {
      @Service({ name: 'worker', version: '1.0.0' })
      class Exclusive {
        @Consume(made.Tasks, made.Task, { name: 'work', exclusive: true }) work({ n }: Work): void {
          act.now(n, {} as ConsumerContext);
        }
      }
      const seen: number[] = [];
      act.now = (n) => seen.push(n);
      const { host } = await hosts.start(Exclusive, { connection: await client.connect() });
      await publish(1);
      await settled(1);
      const reasons: string[] = [];
      const advisories = `$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.${made.Tasks.name}.worker-work`;
      connection.subscribe(advisories, {
        callback: (_, message) => {
          reasons.push((JSON.parse(Buffer.from(message.data).toString()) as { reason: string }).reason);
        },
      });
      await connection.flush();
      await host.stop();
      await until(() => reasons.length > 0);
      // Not for want of pulls, after the time-out.
      expect(reasons).toEqual(['admin']);
    });

    itSince(server, '2.11.0')('has one instance at a time when it is exclusive, and another takes over', async () => {
      const by: string[] = [];
      @Service({ name: 'alone', version: '1.0.0' })
      class Alone {
        @Consume(made.Tasks, made.Task, { exclusive: true, ackWait: '1s' })
        work({ n }: Work, ctx: ConsumerContext): void {
          by.push(`${ctx.service.id} ${n}`);
        }
      }
      const first = await hosts.start(Alone, { connection: await client.connect() });
      const second = await hosts.start(Alone, { connection: await client.connect() });
      await publish(1, 2, 3, 4);
      await until(() => by.length === 4);
      const holder = by[0]?.split(' ')[0];
      expect(new Set(by.map((one) => one.split(' ')[0])).size).toBe(1);
      const other = first.service.id === holder ? second : first;
      await (first.service.id === holder ? first : second).host.stop();
      await publish(5, 6);
      await until(() => by.length === 6);
      expect(by.slice(4)).toEqual([`${other.service.id} 5`, `${other.service.id} 6`]);
    });

    it.each([
      [{ orderBy: 'nothing' }, /orders by \{nothing\}, which "tasks-\d+.\{id\}" does not have/],
      [{ orderBy: 'id', exclusive: false }, /orders by a token without being exclusive/],
      [{ orderBy: 'id', batch: { size: 2, wait: 1 } }, /has orderBy and batch/],
      [{ batch: { size: 0, wait: 1 } }, /batch.size must be a whole number from 1 to 10000, got 0/],
      [{ batch: { size: 1, wait: 'soon' } }, /batch.wait must be a duration/],
      [{ retry: { attempts: 0 } }, /retry.attempts must be a whole number, 1 or more, got 0/],
      [{ retry: { delays: [] } }, /retry.delays must be an array of at least one duration/],
      [{ ackWait: '1ms' }, /ackWait must be a duration of 100 ms or more/],
      [{ from: 'start' }, /from must be "all", "new", a Date or a sequence of 1 or more, got start/],
      [{ concurrency: 0 }, /concurrency must be a whole number, 1 or more, got 0/],
      [{ durable: 'a.b' }, /durable name "a.b" may hold only letters/],
      [{ ackwait: 5 }, /has an unknown option "ackwait"; did you mean "ackWait"\?/],
      [{ retry: { atempts: 3 } }, /retry has an unknown option "atempts"; did you mean "attempts"\?/],
      [{ retry: '5s' }, /has an option "retry" that must be an object, got "5s"/],
      [{ batch: { size: 1, wiat: 1 } }, /batch has an unknown option "wiat"; did you mean "wait"\?/],
      [{ metadata: ['a'] }, /has an option "metadata" that must be an object of strings/],
      [null, /has null in the place of the options of @Consume/],
    ])('with the options %j is refused', async (options, message) => {
      @Service({ name: 'wrong', version: '1.0.0' })
      class Wrong {
        @Consume(made.Tasks, made.Task, options as never) work(_: unknown): void {}
      }
      await expect(hosts.start(Wrong, { connection: await client.connect() })).rejects.toThrow(message);
    });

    it.each([undefined, null, 'TASKS', { name: 'TASKS' }])(
      'of %j in the place of a stream is refused',
      async (stream) => {
        @Service({ name: 'wrong', version: '1.0.0' })
        class Wrong {
          @Consume(stream as never, made.Task) work(_: unknown): void {}
        }
        await expect(hosts.start(Wrong, { connection: await client.connect() })).rejects.toThrow(
          /Wrong.work consumes a stream that eventStream\(\) has not declared/,
        );
      },
    );
  });
});
