import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { ServiceClient, StreamError } from '@natsmith/client';
import { startCluster, type NatsServer } from '@natsmith/testing';
import { type Connection } from '#test/connection';
import { clientLibraries, describeWithNatsServer } from '#test/matrix';
import { Log } from '#test/log';

@Service({ name: 'adder', version: '1.0.0' })
class Adder {
  @Endpoint({ request: 'unchecked' })
  add({ a, b }: { a: number; b: number }): number {
    return a + b;
  }

  @Endpoint({ request: 'unchecked' })
  async slow({ a, b }: { a: number; b: number }): Promise<number> {
    await delay(20);
    return a + b;
  }

  @Endpoint({ queueGroup: false })
  id(): number {
    return 1;
  }

  @Endpoint()
  async *count(): AsyncIterable<number> {
    for (let i = 1; i <= 200; i++) {
      await delay(10);
      yield i;
    }
  }
}

@Service({ name: 'live', version: '1.0.0' })
class Live {
  release!: () => void;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));

  @Endpoint()
  async *ticks(): AsyncIterable<number> {
    for (let i = 1; ; i++) {
      await delay(1);
      yield i;
    }
  }

  @Endpoint()
  async *quiet(): AsyncIterable<number> {
    yield 1;
    await this.released;
    yield 2;
  }
}

async function countReplies(connection: Connection, subject: string): Promise<number> {
  let count = 0;
  for await (const _ of await connection.requestMany(subject, '', { maxWait: 200 })) count++;
  return count;
}

describeWithNatsServer('a server of a cluster in lame duck mode', () => {
  let cluster: NatsServer[];
  beforeEach(async () => {
    cluster = await startCluster(2, { config: 'lame_duck_duration: "30s", lame_duck_grace_period: "10s"' });
  });
  afterEach(() => Promise.all(cluster.map((server) => server.kill())));

  it.each(clientLibraries)(
    'the only instance of a service, and a client, move to another one and lose nothing: $name',
    async ({ connect }) => {
      const [first, second] = cluster as [NatsServer, NatsServer];
      const log = new Log();
      const [serviceOn, clientOn, other] = [
        await connect({ servers: first.url }),
        await connect({ servers: first.url }),
        await connect({ servers: second.url }),
      ];
      const host = await NatsServiceFactory.create(Adder, { connection: serviceOn, logger: log, signals: false });
      const clients = [new ServiceClient(clientOn), new ServiceClient(serviceOn), new ServiceClient(other)];
      const failures: unknown[] = [];
      let sent = 0;
      let isOver = false;
      const load = clients.flatMap((client) =>
        ['add', 'slow', 'add', 'slow'].map(async (subject) => {
          while (!isOver) {
            const a = ++sent;
            const reply = await client.call(subject, { a, b: 1 }).catch((error: unknown) => error);
            if (reply !== a + 1) failures.push(reply);
          }
        }),
      );
      const items: number[] = [];
      const stream = (async () => {
        for await (const item of clients[2]!.stream<number>('count')) items.push(item);
      })();
      await delay(200);

      first.lameDuck();
      const isOn = (connection: Connection, server: NatsServer): boolean =>
        connection.getServer() === `127.0.0.1:${server.port}`;
      while (!isOn(serviceOn, second) || !isOn(clientOn, second)) await delay(10);
      await stream;
      isOver = true;
      await Promise.all(load);

      expect(failures).toEqual([]);
      expect(items).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      expect(log.find('warn', /lame duck/)).toEqual([{ server: `127.0.0.1:${first.port}` }]);
      expect(await countReplies(other, '$SRV.PING')).toBe(1);
      expect(await countReplies(other, 'id')).toBe(1);
      // Each request was handled once, by whichever connection it came.
      const { endpoints } = await host.services[0]!.stats();
      const handled = endpoints.filter(({ name }) => /add|slow/.test(name)).map((one) => one.num_requests);
      expect(handled.reduce((a, b) => a + b)).toBe(sent);
      await host.stop();
      await Promise.all([serviceOn, clientOn, other].map((one) => one.close()));
    },
    30_000,
  );

  it('a stream that is read over it ends with a StreamError where items were lost, and else goes on', async () => {
    const [first, second] = cluster as [NatsServer, NatsServer];
    const live = new Live();
    await using _host = await NatsServiceFactory.create(live, {
      connection: { servers: second.url },
      logger: false,
      signals: false,
    });
    const client = await ServiceClient.connect({ connection: { servers: first.url } });
    const quiet = client.stream<number>('quiet', undefined, { heartbeat: 60_000 })[Symbol.asyncIterator]();
    expect(await quiet.next()).toEqual({ done: false, value: 1 });
    let last = 0;
    const readTicks = (async () => {
      for await (const item of client.stream<number>('ticks')) {
        expect(item).toBe(++last);
        if (item === 50) first.lameDuck();
      }
    })();

    const error: unknown = await readTicks.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StreamError);
    expect(String(error)).toMatch(/stopped while the connection was down|was lost/);

    live.release();
    expect(await quiet.next()).toEqual({ done: false, value: 2 });
    await client.close();
  });

  it('a stop during the move ends everything', async () => {
    const [first] = cluster as [NatsServer];
    const host = await NatsServiceFactory.create(Adder, {
      connection: { servers: first.url },
      logger: false,
      signals: false,
    });
    first.lameDuck();
    await delay(5);
    expect(await host.stop()).toBeNull();
    expect(host.connection.isClosed()).toBe(true);
  });
});

describeWithNatsServer('a server without others in lame duck mode', () => {
  it('is not left before its end', async () => {
    const server = (await startCluster(1))[0] as NatsServer;
    await using host = await NatsServiceFactory.create(Adder, {
      connection: { servers: server.url },
      logger: false,
      signals: false,
    });
    server.lameDuck();
    await delay(200);
    expect(host.status).toBe('running');
    expect((await host.connection.request('add', '{"a":1,"b":2}')).json()).toBe(3);
    await server.kill();
  });
});
