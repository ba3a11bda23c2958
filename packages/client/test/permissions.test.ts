import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, Service } from '@natsmith/core';
import { PermissionError, ServiceClient } from '@natsmith/client';
import { type Connection } from '#test/connection';
import { onEachServerAndClient } from '#test/matrix';
import { useHosts } from '#test/hosts';

@Service({ name: 'counter', version: '1.0.0' })
class Counter {
  @Endpoint()
  one(): number {
    return 1;
  }

  @Endpoint()
  async slow(): Promise<number> {
    await delay(200);
    return 2;
  }

  @Endpoint({ queueGroup: false })
  each(): number {
    return 3;
  }

  @Endpoint({ request: 'unchecked' })
  size(text: string): number {
    return text.length;
  }

  @Endpoint()
  async *count(): AsyncIterable<number> {
    for (let i = 1; ; i++) yield await Promise.resolve(i);
  }

  @Endpoint()
  big(): string {
    return 'x'.repeat(2_000_000);
  }
}

const user = (name: string, permissions?: object) => ({ user: name, pass: 'x', permissions });
const users = [
  user('all'),
  user('no-calls', { publish: { deny: ['one', 'each', 'count'] } }),
  user('no-discovery', { publish: { deny: ['$SRV.>'] } }),
  user('no-inbox', { subscribe: { deny: ['_INBOX.>'] } }),
  user('no-control', { publish: { deny: ['_INBOX.svc.>'] } }),
];

onEachServerAndClient(
  (_server, library) => {
    const { start } = useHosts();
    const clientOf = async (name: string): Promise<ServiceClient<Connection>> =>
      new ServiceClient(await library.connect({ user: name, pass: 'x' }), { timeout: 10_000, inboxes: ['_SVC'] });

    const service = async (): Promise<void> => {
      await start(Counter, {
        connection: await library.connect({ user: 'all', pass: 'x', inboxPrefix: '_INBOX.svc' }),
      });
    };
    const refusal = (operation: string, subject: unknown): object => ({
      constructor: PermissionError,
      name: 'PermissionError',
      operation,
      subject,
    });
    /** What a promise is rejected with, which must be at once. */
    const errorOf = async (promise: PromiseLike<unknown>): Promise<unknown> => {
      const late = delay(3000, undefined, { ref: false }).then(() => new Error('nothing for 3 s'));
      return Promise.race([
        promise.then(
          () => new Error('no error'),
          (error: unknown) => error,
        ),
        late,
      ]);
    };
    const first = async (items: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of items) return;
    };

    describe('without the permission to publish to a subject', () => {
      it.each([
        ['a call', 'one', (client: ServiceClient) => client.call('one')],
        ['gather', 'each', (client: ServiceClient) => client.gather('each')],
        ['a stream', 'count', (client: ServiceClient) => first(client.stream('count'))],
      ])('%s fails at once, and names it', async (_, subject, use) => {
        await service();
        expect(await errorOf(use(await clientOf('no-calls')))).toMatchObject(refusal('publish', subject));
      });

      it.each([
        ['ping', '$SRV.PING', (client: ServiceClient) => client.ping()],
        ['info', '$SRV.INFO.counter', (client: ServiceClient) => client.info('counter')],
        ['stats', '$SRV.STATS', (client: ServiceClient) => client.stats()],
        ['service', '$SRV.INFO.counter', (client: ServiceClient) => client.service('counter')],
        ['watch', '$SRV.PING', (client: ServiceClient) => first(client.watch())],
      ])('%s fails at once, and names it', async (_, subject, use) => {
        await service();
        expect(await errorOf(use(await clientOf('no-discovery')))).toMatchObject(refusal('publish', subject));
      });

      it('calls to other subjects go on', async () => {
        await service();
        const client = await clientOf('no-calls');
        const slow = client.call('slow');
        await expect(client.call('one')).rejects.toThrow(PermissionError);
        expect(await slow).toBe(2);
      });

      it('a large body, a stream and a large reply fail at once where control messages to the service are forbidden', async () => {
        await service();
        const client = await clientOf('no-control');
        const counter = await client.service<Counter>('counter');
        const control = expect.stringMatching(/^_INBOX\.svc\./) as string;
        expect(await errorOf(counter.size('x'.repeat(200_000)))).toMatchObject(refusal('publish', control));
        const all = async (): Promise<void> => {
          for await (const _ of client.stream('count')) continue;
        };
        expect(await errorOf(all())).toMatchObject(refusal('publish', control));
        expect(await errorOf(counter.big())).toMatchObject(refusal('publish', control));
      });
    });

    describe('without the permission to subscribe to its inbox', () => {
      it('every call fails at once, and names it', async () => {
        await service();
        const client = await clientOf('no-inbox');
        const inbox = expect.stringMatching(/^_INBOX\./) as string;
        expect(await errorOf(client.call('one'))).toMatchObject(refusal('subscription', inbox));
        expect(await errorOf(client.ping())).toMatchObject(refusal('subscription', inbox));
        expect(await errorOf(first(client.stream('count')))).toMatchObject(refusal('subscription', inbox));
      });
    });
  },
  // Small messages, so that bodies go in chunks.
  { users, maxPayload: 65_536 },
);

onEachServerAndClient((server, library) => {
  it('status follows the connection, and says when the client is closed', async () => {
    const client = new ServiceClient(await library.connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 }));
    const until = async (status: string): Promise<void> => {
      while (client.status !== status) await delay(10);
    };
    expect(client.status).toBe('connected');
    const down = server.kill();
    await until('disconnected');
    await down;
    await server.restart();
    await until('connected');
    await client.close();
    expect(client.status).toBe('closed');
    expect(client.connection.isClosed()).toBe(false);
  });

  it('status is closed where the connection is', async () => {
    const client = new ServiceClient(await library.connect());
    await client.connection.close();
    expect(client.status).toBe('closed');
  });
});
