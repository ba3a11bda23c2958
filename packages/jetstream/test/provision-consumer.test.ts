import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '@natsmith/core';
import { event, unchecked } from '@natsmith/protocol';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { natsServerIsOlderThan, onEachServerAndClient } from '#test/matrix';
import { until } from '#test/until';
import { Consume, eventStream, type ConsumeOptions } from '../src';

const users = [
  { user: 'admin', pass: 'secret' },
  { user: 'reader', pass: 'secret', permissions: { publish: { deny: ['$JS.API.CONSUMER.CREATE.>'] } } },
  {
    user: 'worker',
    pass: 'secret',
    permissions: { publish: { deny: ['$JS.API.CONSUMER.CREATE.>', '$JS.API.CONSUMER.INFO.>'] } },
  },
  { user: 'holder', pass: 'secret', permissions: { publish: { deny: ['$JS.API.CONSUMER.UNPIN.>'] } } },
  { user: 'deaf', pass: 'secret', permissions: { publish: { deny: ['$JS.API.CONSUMER.MSG.NEXT.>'] } } },
];

type Options = Pick<ConsumeOptions, 'name' | 'durable' | 'ackWait' | 'exclusive'>;

/** A stream of its own for each test. */
function make(id: number) {
  const Task = event(`chores-${id}.{n}`, unchecked<number>());
  const Tasks = eventStream(`CHORES_${id}`, { events: [Task], storage: 'memory' });
  const seen: number[] = [];
  const worker = (options: Options = {}) => {
    @Service({ name: 'worker', version: '1.0.0' })
    class Worker {
      @Consume(Tasks, Task, options) work(n: number): void {
        seen.push(n);
      }
    }
    return Worker;
  };
  return { Task, stream: Tasks.name, worker, seen };
}

onEachServerAndClient(
  (_server, client) => {
    describe('the durable of a consumer', () => {
      const hosts = useHosts();
      let manager: JetStreamManager;
      let connection: Connection;
      let id = 0;
      let made: ReturnType<typeof make>;
      const as = (user: string) => client.connect({ user, pass: 'secret' });
      beforeEach(async () => {
        made = make(++id);
        connection = await as('admin');
        manager = await jetstreamManager(connection as never);
      });
      const start = async (options: Options = {}, user = 'admin', more = {}) => {
        const logger = new Log();
        const { host } = await hosts.start(made.worker(options), { connection: await as(user), logger, ...more });
        return { host, logger };
      };

      it('that holds back bodies is updated', async () => {
        await (await start()).host.stop();
        await manager.consumers.update(made.stream, 'worker-work', { headers_only: true });
        const { logger } = await start();
        expect(logger.find('info', /consumer updated: headers_only is true, not false/)).toHaveLength(1);
        expect((await manager.consumers.info(made.stream, 'worker-work')).config.headers_only).toBeFalsy();
      });

      it('that somebody made with delays of the server loses them, so that they do not shorten ackWait', async () => {
        await (await start()).host.stop();
        const theirs = { backoff: [1_000_000_000], ack_wait: 1_000_000_000, max_deliver: 3 };
        await manager.consumers.update(made.stream, 'worker-work', theirs);
        await start();
        const { config } = await manager.consumers.info(made.stream, 'worker-work');
        expect([config.backoff, config.ack_wait, config.max_deliver]).toEqual([undefined, 30_000_000_000, -1]);
      });

      it.each([
        ['allows small pulls alone', { max_batch: 2, max_expires: 1_000_000_000 }],
        ['has priority groups', { priority_groups: ['vip'], priority_policy: 'overflow' }],
      ])('that somebody made and that %s gives its messages', async (what, config) => {
        if (what.includes('priority') && natsServerIsOlderThan('2.11.0')) return;
        await (await start({ name: 'other' })).host.stop();
        const stream_name = made.stream;
        const theirs = { name: 'theirs', durable_name: 'theirs', ack_policy: 'explicit', ...config };
        const request = JSON.stringify({ stream_name, config: theirs, action: 'create' });
        await connection.request(`$JS.API.CONSUMER.CREATE.${stream_name}.theirs`, request);
        await start({ durable: 'theirs' });
        for (let n = 1; n <= 5; n++) connection.publish(`chores-${id}.${n}`, String(n));
        await until(() => made.seen.length === 5);
      });

      it('that cannot be made for want of a right is refused at start, with the subject', async () => {
        await (await start({ name: 'other' })).host.stop();
        await expect(start({}, 'reader')).rejects.toThrow(
          `consumer "worker-work" of stream "${made.stream}" cannot be created: this user may not publish to $JS.API.CONSUMER.CREATE.${made.stream}.worker-work.chores-${id}.*; grant that, let another user run "natsmith streams ensure", or start with { provision: 'off' }`,
        );
      });

      it('that may not be asked for messages is refused at start, with the subject', async () => {
        await expect(start({}, 'deaf')).rejects.toThrow(
          `the server does not permit this user to publish to $JS.API.CONSUMER.MSG.NEXT.${made.stream}.worker-work; grant it`,
        );
      });

      it('that is exclusive is left without a word where this user may not let go of it', async () => {
        if (natsServerIsOlderThan('2.11.0')) return;
        const { host, logger } = await start({ exclusive: true }, 'holder');
        await connection.request(`chores-${id}.1`, '1');
        await until(() => made.seen.length === 1);
        await host.stop();
        expect(logger.problems).toBe('');
        expect(logger.find('debug', /not permitted, and not needed/)).toEqual([
          { subject: `$JS.API.CONSUMER.UNPIN.${made.stream}.worker-work` },
        ]);
      });

      it('that differs and cannot be updated for want of a right is refused with what differs', async () => {
        await (await start()).host.stop();
        await expect(start({ ackWait: '5s' }, 'reader')).rejects.toThrow(
          /differs: ack_wait is 30s, not 5s, and cannot be updated: this user may not publish to .*; grant that, let another user run "natsmith streams ensure", or/,
        );
      });

      it('is taken as it is where this user may not look at it, and verify refuses', async () => {
        await (await start()).host.stop();
        const { logger } = await start({}, 'worker');
        expect(logger.problems).toContain('consumer not checked: this user may not ask for it ($JS.API.CONSUMER.INFO.');
        await connection.request(`chores-${id}.1`, '1');
        while (made.seen.length === 0) await delay(5);
        await expect(start({}, 'worker', { provision: 'verify' })).rejects.toThrow(
          /cannot be compared: this user may not publish to \$JS\.API\.CONSUMER\.INFO\./,
        );
      });

      it('that no class has a handler for any more is warned of, with both ways out', async () => {
        await (await start({ name: 'old' })).host.stop();
        await connection.request(`chores-${id}.1`, '1');
        const { logger } = await start();
        expect(logger.find('warn', /no class has the handler "old" any more/)).toEqual([
          { stream: made.stream, consumer: 'worker-old', service: 'worker' },
        ]);
        expect(logger.problems).toContain('1 messages wait for it, and "worker-work", which is new, reads the stream');
        expect(logger.problems).toContain(
          `keep its place with { durable: "worker-old" }; if not, "nats consumer rm ${made.stream} worker-old" removes it, and "natsmith streams ensure --prune" all such consumers of a program`,
        );
        expect((await start({ name: 'renamed', durable: 'worker-old' })).logger.problems).toContain('"work" any more');
      });

      it('with a name that a shell would run as a command is not warned of', async () => {
        await (await start()).host.stop();
        for (const name of ['x;reboot', 'worker-old'])
          await manager.consumers.add(made.stream, {
            durable_name: name,
            ack_policy: 'explicit',
            metadata: { 'natsmith.made': 'true', 'natsmith.service': 'worker', 'natsmith.handler': 'old' },
          });
        expect((await start()).logger.find('warn', /no class has the handler/)).toMatchObject([
          { consumer: 'worker-old' },
        ]);
      });

      it('of another service, or that natsmith has not made, is not an orphan', async () => {
        await (await start()).host.stop();
        await manager.consumers.add(made.stream, { durable_name: 'theirs', ack_policy: 'explicit' });
        await manager.consumers.add(made.stream, {
          durable_name: 'mailer-work',
          ack_policy: 'explicit',
          metadata: { 'natsmith.made': 'true', 'natsmith.service': 'mailer', 'natsmith.handler': 'work' },
        });
        expect((await start()).logger.problems).toBe('');
      });
    });
  },
  { jetstream: true, users },
);
