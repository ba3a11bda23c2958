import { describeInfo, describeServices, Service } from '@natsmith/core';
import { event, unchecked } from '@natsmith/protocol';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { natsServerIsOlderThan, onEachServerAndClient } from '#test/matrix';
import { until } from '#test/until';
import { Consume, diffServices, ensureServices, ensureStreams, eventStream, ProvisionError, Schedule } from '../src';

/** Streams of their own for each test. */
function make(id: number) {
  const Task = event(`tasks-${id}.{n}.due`, unchecked<number>());
  const Done = event(`tasks-${id}.{n}.done`, unchecked<number>());
  const Tasks = eventStream(`TASKS_${id}`, { events: [Task, Done], storage: 'memory' });
  const seen: number[] = [];
  @Service({ name: `worker-${id}`, version: '1.0.0' })
  class Worker {
    @Consume(Tasks, [Task, Done], { ackWait: '7s', deadLetters: `letters-${id}` }) work(n: number): void {
      seen.push(n);
    }
    @Consume(Tasks, Task, { durable: `index-${id}`, from: 'new', batch: { size: 2, wait: 0 } }) index(): void {}
  }
  return { Tasks, Worker, seen, stream: Tasks.name, durable: `worker-${id}-work` };
}

onEachServerAndClient(
  (_server, client) => {
    describe('ensureServices()', () => {
      const hosts = useHosts();
      let manager: JetStreamManager;
      let connection: Connection;
      let id = 0;
      let made: ReturnType<typeof make>;
      beforeEach(async () => {
        made = make(++id);
        connection = await client.connect();
        manager = await jetstreamManager(connection as never);
      });
      afterEach(async () => {
        await manager.streams.delete('DEAD_LETTERS').catch(() => undefined);
        await connection.close();
      });
      const described = () => describeServices(made.Worker);
      const start = async (more = {}) => hosts.start(made.Worker, { connection: await client.connect(), ...more });

      it('makes what a service needs that starts with { provision: "off" }', async () => {
        await ensureStreams(connection, [made.Tasks]);
        const reports = await ensureServices(connection, described());
        expect(reports.map(({ stream, consumer, outcome }) => [stream, consumer, outcome])).toEqual([
          ['DEAD_LETTERS', undefined, 'created'],
          [made.stream, made.durable, 'created'],
          [made.stream, `index-${id}`, 'created'],
        ]);
        await start({ provision: 'off' });
        await connection.request(`tasks-${id}.1.due`, '1');
        await until(() => made.seen.length === 1);
      });

      it('wants nothing else than a service that has started', async () => {
        const { host } = await start();
        expect(await diffServices(connection, described())).toEqual([]);
        await host.stop();
        expect((await ensureServices(connection, described())).map(({ outcome }) => outcome)).toEqual([
          'unchanged',
          'unchanged',
          'unchanged',
        ]);
      });

      it('reports all that it could not make, after it has made the rest', async () => {
        await ensureStreams(connection, [made.Tasks]);
        await manager.consumers.add(made.stream, { durable_name: made.durable, ack_policy: 'none' });
        await expect(ensureServices(connection, described())).rejects.toThrow(
          /has the acknowledgement policy "none", which cannot be changed; .*delete it, or choose another durable/,
        );
        expect((await manager.consumers.info(made.stream, `index-${id}`)).name).toBe(`index-${id}`);
        await manager.streams.delete(made.stream);
        const error: unknown = await ensureServices(connection, described()).catch((thrown: unknown) => thrown);
        expect((error as ProvisionError).problems).toEqual([
          expect.stringMatching(/cannot be created: stream not found/),
          expect.stringMatching(/cannot be created: stream not found/),
        ]);
      });

      it('leaves the subjects of dead letters that other programs bury by', async () => {
        await manager.streams.add({ name: 'DEAD_LETTERS', subjects: ['others.>'], storage: 'memory' });
        await ensureStreams(connection, [made.Tasks]);
        await ensureServices(connection, described(), { prune: true });
        expect((await manager.streams.info('DEAD_LETTERS')).config.subjects).toEqual(
          expect.arrayContaining(['others.>', `letters-${id}.>`]),
        );
        expect(await diffServices(connection, described())).toEqual([]);
      });

      it('does not take a consumer for its own that somebody else has made, and updates', async () => {
        await ensureStreams(connection, [made.Tasks]);
        const metadata = { owner: 'ops' };
        await manager.consumers.add(made.stream, { durable_name: made.durable, ack_policy: 'explicit', metadata });
        await ensureServices(connection, described());
        expect(await diffServices(connection, described())).toEqual([]);
        const { config } = await manager.consumers.info(made.stream, made.durable);
        expect([config.metadata?.owner, config.metadata?.['natsmith.made']]).toEqual(['ops', undefined]);
      });

      it('puts a schedule that is missing or differs', async () => {
        if (natsServerIsOlderThan('2.14.0')) return;
        @Service({ name: `clock-${id}`, version: '1.0.0' })
        class Before {
          @Schedule('0 5 1 1 *') nightly(): void {}
        }
        @Service({ name: `clock-${id}`, version: '1.0.0' })
        class After {
          @Schedule('0 6 1 1 *') nightly(): void {}
        }
        await ensureServices(connection, describeServices(Before));
        expect(await diffServices(connection, describeServices(Before))).toEqual([]);
        expect(await diffServices(connection, describeServices(After))).toEqual([
          {
            stream: 'SCHEDULES',
            field: 'schedule',
            wanted: `nightly of clock-${id}: 0 0 6 1 1 *`,
            found: `nightly of clock-${id}: 0 0 5 1 1 *`,
            kind: 'update',
          },
        ]);
        await ensureServices(connection, describeServices(After));
        expect(await diffServices(connection, describeServices(After))).toEqual([]);
      });

      it('refuses a description of INFO, which does not say how a consumer is made', async () => {
        const { host } = await start();
        const info = describeInfo(host.services[0]!.info());
        await expect(ensureServices(connection, [info])).rejects.toThrow(
          `ensureServices() was given a description that does not say how "work" of service "worker-${id}" is provisioned; give what describeServices() returns for its class`,
        );
      });

      it.each([[[undefined]], [undefined], [[{ name: 'worker' }]]])(
        'refuses %j in the place of descriptions',
        async (given) => {
          await expect(diffServices(connection, given as never)).rejects.toThrow(
            'diffServices() needs an array of what describeServices() returns, got ',
          );
        },
      );

      it('refuses unknown options with the nearest one', async () => {
        await expect(ensureServices(connection, described(), { purne: true } as never)).rejects.toThrow(
          'ensureServices() has an unknown option "purne"; did you mean "prune"?',
        );
      });
    });
  },
  { jetstream: true },
);
