import { Service } from '@natsmith/core';
import { event, unchecked } from '@natsmith/protocol';
import { findNatsServer, natsServerVersion } from '@natsmith/testing';
import { lt } from 'semver';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { Consume, eventStream, JetStreamPublisher, Schedule } from '../src';

const Task = event('older.{id}', unchecked<number>());
const Tasks = eventStream('OLDER', { events: [Task], storage: 'memory' });

@Service({ name: 'plain', version: '1.0.0' })
class Plain {
  @Consume(Tasks, Task) work(_: number): void {}
}
@Service({ name: 'exclusive', version: '1.0.0' })
class Exclusive {
  @Consume(Tasks, Task, { exclusive: true }) work(_: number): void {}
}
@Service({ name: 'ordered', version: '1.0.0' })
class Ordered {
  @Consume(Tasks, Task, { orderBy: 'id' }) work(_: number): void {}
}
@Service({ name: 'scheduled', version: '1.0.0' })
class Scheduled {
  @Schedule('0 0 1 1 *') work(): void {}
}

/** What needs a server of some version, with the words that name it. */
const NEEDS: [what: string, version: string, words: RegExp, use: (on: Use) => Promise<unknown>][] = [
  ['a consumer', '2.10.0', /JetStream needs nats-server 2\.10 or later/, ({ start }) => start(Plain)],
  [
    'exclusive',
    '2.11.0',
    /exclusive of consumer "exclusive-work" .* needs nats-server 2\.11/,
    ({ start }) => start(Exclusive),
  ],
  [
    'orderBy',
    '2.11.0',
    /orderBy "id" of consumer "ordered-work" .* needs nats-server 2\.11/,
    ({ start }) => start(Ordered),
  ],
  [
    'exclusive without provisioning',
    '2.11.0',
    /exclusive of consumer .* needs nats-server 2\.11/,
    ({ start }) => start(Exclusive, 'off'),
  ],
  [
    'ttl',
    '2.11.0',
    /ttl needs nats-server 2\.11 or later, and this is .*, which would keep the event for ever/,
    ({ publish }) => publish({ ttl: '10s' }),
  ],
  ['at', '2.12.0', /at needs nats-server 2\.12/, ({ publish }) => publish({ at: new Date(Date.now() + 60_000) })],
  ['a schedule', '2.14.0', /the schedule of Scheduled\.work needs nats-server 2\.14/, ({ start }) => start(Scheduled)],
];

interface Use {
  start(target: new () => object, provision?: 'off'): Promise<unknown>;
  publish(options: object): Promise<unknown>;
}

onEachJetStream((server, client) => {
  const binary = server.kind === 'nats-server' ? findNatsServer() : undefined;
  /** What natsmith sees of it is its version alone; an older one is not made newer. */
  const real = binary === undefined ? '2.15.0' : natsServerVersion(binary);

  describe.each(['2.9.10', '2.10.27', '2.11.17', '2.12.15', '2.14.9'].filter((one) => !lt(real, one)))(
    'on nats-server %s',
    (version) => {
      const hosts = useHosts();
      const connect = async (): Promise<Connection> => {
        const connection = await client.connect();
        (connection.info as { version: string }).version = version;
        return connection;
      };
      const use: Use = {
        start: async (target, provision) => hosts.start(target, { connection: await connect(), provision }),
        publish: async (options) => {
          await hosts.start(Plain, { connection: await client.connect() });
          return new JetStreamPublisher(await connect()).publish(Task, 1, { params: { id: 1 }, ...options });
        },
      };

      const refused = NEEDS.filter(([, needed]) => lt(version, needed));
      const taken = NEEDS.filter(([, needed]) => !lt(version, needed));

      if (refused.length > 0)
        it.each(refused)('%s is refused, with the version %s that it needs', async (_what, _needed, words, act) => {
          const refusing = act(use);
          await expect(refusing).rejects.toThrow(words);
          await expect(refusing).rejects.toThrow(`and this is ${version}`);
        });
      if (taken.length > 0)
        it.each(taken)('%s works', async (_what, _needed, _words, act) => {
          await act(use);
        });
    },
  );
});
