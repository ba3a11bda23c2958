import { Endpoint, Service } from '@natsmith/core';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { setTimeout as delay } from 'node:timers/promises';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { gather } from '#test/replies';
import { until } from '#test/until';

@Service({ name: 'running', version: '1.0.0' })
class Running {
  @Endpoint({ subject: 'orders.{id}' }) order(): string {
    return 'running';
  }
  @Endpoint({ subject: 'free', queueGroup: 'own' }) free(): void {}
}

@Service({ name: 'second', version: '1.0.0' })
class Second {
  @Endpoint({ subject: 'orders.new' }) create(): string {
    return 'second';
  }
  @Endpoint({ subject: 'free' }) free(): void {}
}

@Service({ name: 'running', version: '2.0.0' })
class NextVersion {
  @Endpoint({ subject: 'orders.{id}' }) order(): void {}
}

@Service({ name: 'twofold', version: '1.0.0' })
class Twofold {
  @Endpoint({ name: 'default', subject: 'demo', queueGroup: 'q' }) inDefault(): string {
    return 'default';
  }
  @Endpoint({ name: 'other', subject: 'demo', queueGroup: 'endpoint-group' }) inOther(): string {
    return 'other';
  }
  @Endpoint({ name: 'none', subject: 'demo', queueGroup: false }) inNone(): string {
    return 'none';
  }
}

const TAKEN = /service "running" answers on orders\.\* in the queue group "q", too, so it and "second" take/;

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  let connection: Connection;
  beforeEach(async () => (connection = await client.connect()));

  const logOf = async (target: typeof Running | typeof Second | typeof NextVersion): Promise<Log> => {
    const log = new Log();
    await hosts.start(target, { connection: await client.connect(), logger: log });
    await delay(150);
    return log;
  };

  describe('a service that starts', () => {
    it('warns of one with another name that takes its requests, and names it', async () => {
      await hosts.start(Running, { connection: await client.connect() });
      const log = await logOf(Second);
      await until(() => log.find('warn', TAKEN).length > 0);
      expect(log.find('warn', /answers on/)).toHaveLength(1);
    });

    it('says nothing of instances and other versions of itself', async () => {
      await hosts.start(Running, { connection: await client.connect() });
      expect((await logOf(Running)).find('warn', /./)).toEqual([]);
      expect((await logOf(NextVersion)).find('warn', /./)).toEqual([]);
    });

    it('ignores answers that are not INFO', async () => {
      const subject = 'x\r\nPUB victim 1\r\n\r\nx';
      const endpoints = [{ name: 'a', subject, queue_group: 'q' }];
      const identity = { type: 'io.nats.micro.v1.info_response', id: 'A'.repeat(22), version: '1.0.0', metadata: {} };
      const answers = [
        '',
        '{',
        'null',
        '[]',
        '{"name":"a b"}',
        JSON.stringify({ ...identity, name: 'evil', endpoints }),
      ];
      let victims = 0;
      connection.subscribe('victim', { callback: () => victims++ });
      connection.subscribe('$SRV.INFO', { callback: (_error, message) => answers.forEach((a) => message.respond(a)) });
      await hosts.start(Running, { connection: await client.connect() });
      const log = await logOf(Second);
      await until(() => log.find('warn', /./).length > 0);
      expect(log.find('warn', /./)).toHaveLength(1);
      expect(log.find('error', /./)).toEqual([]);
      expect(victims).toBe(0);
    });

    it('may have several endpoints on one subject, in queue groups of their own or in none: all answer', async () => {
      await hosts.start(Twofold, { connection: await client.connect() });
      const replies = await gather(connection, 'demo', 3);
      expect(replies.map((reply) => JSON.parse(Buffer.from(reply.data).toString()) as string).sort()).toEqual([
        'default',
        'none',
        'other',
      ]);
    });
  });
});

onEachServerAndClient(
  (server, client) => {
    const hosts = useHosts();

    it('a service that may publish to nobody but its callers starts without an error', async () => {
      const log = new Log();
      const connection = await client.connect({ servers: server.url, user: 'service', pass: 'secret' });
      await hosts.start(Second, { connection, logger: log });
      await delay(150);
      expect([...log.find('error', /./), ...log.find('warn', /./)]).toEqual([]);
      const caller = await client.connect({
        servers: server.url,
        user: 'caller',
        pass: 'secret',
        inboxPrefix: '_INBOX.callers',
      });
      expect((await caller.request('orders.new', '', { timeout: 2000 })).json()).toBe('second');
    });
  },
  {
    users: [
      {
        user: 'service',
        pass: 'secret',
        permissions: {
          publish: { allow: ['_INBOX.callers.>'] },
          subscribe: { allow: ['orders.>', 'free', '$SRV.>'] },
        },
      },
      { user: 'caller', pass: 'secret' },
    ],
  },
);
