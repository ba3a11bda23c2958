import { Service, ServiceError, event, unchecked, type HandlerStats, type RunningService } from '@natsmith/core';
import { findNatsServer, NatsServer } from '@natsmith/testing';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { describeWithNatsServer, onEachJetStream } from '#test/matrix';
import { Consume, eventStream, JetStreamPublisher } from '../src/index';

const Task = event('measured.{id}', unchecked<{ fails?: boolean; refused?: boolean; waits?: boolean }>());
const Other = event('measured-other.{id}', unchecked<object>());
const Tasks = eventStream('MEASURED', { events: [Task, Other] });

let release: () => void = () => undefined;
const released = () => new Promise<void>((resolve) => (release = resolve));

@Service({ name: 'measured', version: '1.0.0' })
class Measured {
  @Consume(Tasks, [Task, Other], { concurrency: 1, retry: { attempts: 2, delays: ['5ms'] } })
  async work(task: { fails?: boolean; refused?: boolean; waits?: boolean }): Promise<void> {
    if (task.refused) throw new ServiceError(409, 'refused');
    if (task.fails) throw new Error('broken');
    if (task.waits) await released();
  }
}

/** The handler's numbers, of both of its events together. */
async function numbersOf(service: RunningService) {
  const { endpoints } = await service.stats();
  const sum = (read: (one: HandlerStats) => number | undefined) =>
    endpoints.reduce((total, one) => total + (read(one) ?? 0), 0);
  return {
    deadLetters: sum(({ measures }) => measures.counts.deadLetters),
    retries: sum(({ measures }) => measures.counts.retries),
    lags: endpoints.map(({ gauges }) => gauges.lag).filter((lag) => lag !== undefined),
    unacknowledged: sum(({ gauges }) => gauges.unacknowledged),
  };
}

async function eventually(service: RunningService, wanted: Partial<Awaited<ReturnType<typeof numbersOf>>>) {
  for (let i = 0; ; i++) {
    const numbers = await numbersOf(service);
    if (
      Object.entries(wanted).every(([name, value]) => JSON.stringify(numbers[name as never]) === JSON.stringify(value))
    )
      return;
    if (i > 1000) throw new Error(`not in time: ${JSON.stringify(numbers)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

onEachJetStream((server, client) => {
  describe('the numbers of a consumer', () => {
    const hosts = useHosts();
    let connection: Connection;
    const start = async () => {
      connection = await client.connect();
      const { service } = await hosts.start(Measured, { connection: await client.connect() });
      return { service, publisher: new JetStreamPublisher(connection) };
    };

    it('are there before the first message', async () => {
      const { service } = await start();
      await eventually(service, { deadLetters: 0, retries: 0, lags: [0], unacknowledged: 0 });
      const { endpoints } = await service.stats();
      expect(endpoints.map(({ measures }) => measures.counts)).toEqual([
        { retries: 0, deadLetters: 0 },
        { retries: 0, deadLetters: 0 },
      ]);
    });

    it('count runs that failed and are tried again, and dead letters', async () => {
      const { service, publisher } = await start();
      await publisher.publish(Task, { refused: true }, { params: { id: '1' } });
      await eventually(service, { deadLetters: 1, retries: 0 });
      await publisher.publish(Task, { fails: true }, { params: { id: '2' } });
      await eventually(service, { deadLetters: 2, retries: 1 });
      service.reset();
      await eventually(service, { deadLetters: 0, retries: 0 });
    });

    it('say how many messages the consumer has not been given yet', async () => {
      const { service, publisher } = await start();
      await publisher.publish(Task, { waits: true }, { params: { id: '0' } });
      await eventually(service, { unacknowledged: 1 });
      for (let id = 1; id <= 20; id++) await publisher.publish(Task, {}, { params: { id: String(id) } });
      const { lags, unacknowledged } = await numbersOf(service);
      expect((lags[0] ?? 0) + unacknowledged).toBe(21);
      expect(lags[0]).toBeGreaterThan(0);
      release();
      await eventually(service, { lags: [0], unacknowledged: 0 });
    });
  });
});

describeWithNatsServer(
  'the lag of a consumer whose user may not ask for it',
  () => {
    const hosts = useHosts();
    it('is left out, and asked for once in a while only', async () => {
      const users = [
        { user: 'all', pass: 'all' },
        { user: 'worker', pass: 'worker', permissions: { publish: { deny: ['$JS.API.CONSUMER.INFO.>'] } } },
      ];
      await using server = await NatsServer.start({ jetstream: true, users, binary: findNatsServer() });
      const connection = { servers: server.url };
      const first = await hosts.start(Measured, { connection: { ...connection, user: 'all', pass: 'all' } });
      await first.host.stop();
      const log = new Log(false);
      const worker = { ...connection, user: 'worker', pass: 'worker' };
      const { service, host } = await hosts.start(Measured, { connection: worker, provision: 'off', logger: log });
      for (let i = 0; i < 5; i++) expect((await numbersOf(service)).lags).toEqual([]);
      expect(log.problems.match(/CONSUMER\.INFO/g)).toHaveLength(1);
      await host.stop();
    });
  },
  '2.10.0',
);
