import { join } from 'node:path';
import { Endpoint, Group, NatsServiceFactory, Service, type Class, type Container } from '@natsmith/core';
import { startServer, type ServerOptions, type TestServer } from '@natsmith/testing';
import { connect } from 'nats';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient } from '#test/matrix';
import { useChildren } from '#test/child';
import { useHosts } from '#test/hosts';

const USERS: ServerOptions = {
  users: [
    { user: 'all', pass: 'a' },
    { user: 'some', pass: 's', permissions: { subscribe: { deny: ['forbidden.>'] } } },
    { user: 'hidden', pass: 'h', permissions: { subscribe: { deny: ['$SRV.>'] } } },
  ],
};

let events: string[] = [];
beforeEach(() => {
  events = [];
});

class Recorded {
  onStart(): void | Promise<void> {
    events.push(`start ${this.constructor.name}`);
  }
  onStop(): void {
    events.push(`stop ${this.constructor.name}`);
  }
}

@Service({ name: 'fine', version: '1.0.0' })
class Fine extends Recorded {
  @Endpoint()
  fine(): string {
    return 'fine';
  }
}

@Service({ name: 'refused', version: '1.0.0' })
@Group('forbidden')
class Refused extends Recorded {
  @Endpoint()
  x(): void {}
}

@Service({ name: 'broken', version: '1.0.0' })
class Broken extends Recorded {
  @Endpoint()
  broken(): void {}

  override async onStart(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('no database');
  }
}

@Service({ name: 'last', version: '1.0.0' })
class Last extends Recorded {
  @Endpoint()
  last(): void {}
}

const quiet = { logger: false, signals: false } as const;
const create = (target: Class | readonly Class[], connection: object, container?: Container) =>
  NatsServiceFactory.create(target, { connection, container, ...quiet });

onEachServer((server) => {
  const startChild = useChildren(join(__dirname, 'processes'));
  let nc: Connection;

  const as = (user: string) => ({ servers: server.url, user, pass: user[0] });
  const expectNothingOnServer = async () => {
    for (const subject of ['$SRV.PING', '$SRV.INFO', 'fine', 'broken', 'last', 'forbidden.x'])
      await expect(nc.request(subject, '', { timeout: 1000 })).rejects.toThrow(/503|no responders/i);
  };

  beforeEach(async () => {
    nc = await connect(as('all'));
  });
  afterEach(() => nc.close());

  describe('create() rejects with the cause in plain words, and leaves nothing', () => {
    it('when no server is there', async () => {
      const gone = await startServer(server.kind);
      await gone.stop();
      await expect(create(Fine, { servers: gone.url })).rejects.toThrow(
        new RegExp(
          `^no connection to NATS at ${gone.url} \\(.*\\); start a nats-server there, or say where it is: NATS_URL`,
        ),
      );
      expect(events).toEqual([]);
    });

    it.each([
      ['the password is wrong', { user: 'all', pass: 'wrong' }],
      ['the user is unknown', { user: 'nobody', pass: 'x' }],
      ['credentials are missing', {}],
    ])('when %s', async (_what, credentials) => {
      await expect(create(Fine, { servers: server.url, ...credentials })).rejects.toThrow(
        new RegExp(`^NATS at ${server.url} refused the credentials \\(.*\\); check them`),
      );
      expect(events).toEqual([]);
    });

    it('when the server refuses an endpoint', async () => {
      await expect(create([Fine, Refused, Last], as('some'))).rejects.toThrow(
        /^service "refused" cannot subscribe: .*permissions violation.*forbidden.x/i,
      );
      await expectNothingOnServer();
      expect(events).toEqual(['start Fine', 'start Refused', 'start Last', 'stop Last', 'stop Refused', 'stop Fine']);
    });

    it('when the server refuses discovery', async () => {
      await expect(create(Fine, as('hidden'))).rejects.toThrow(
        /^service "fine" cannot subscribe: .*permissions violation.*\$SRV/i,
      );
      await expectNothingOnServer();
    });

    it('when onStart fails: what has started is stopped, in reverse order', async () => {
      await expect(create([Fine, Broken, Last], as('all'))).rejects.toThrow('no database');
      await expectNothingOnServer();
      expect(events).toEqual(['start Fine', 'stop Fine']);
    });

    it('when a constructor fails', async () => {
      @Service({ name: 'unmade', version: '1.0.0' })
      class Unmade {
        constructor() {
          throw new Error('no configuration');
        }
        @Endpoint()
        x(): void {}
      }
      await expect(create([Fine, Unmade], as('all'))).rejects.toThrow('no configuration');
      await expectNothingOnServer();
      expect(events).toEqual([]);
    });

    it.each<[string, Container['get'], RegExp]>([
      [
        'throws',
        () => {
          throw new Error('not registered');
        },
        /not registered/,
      ],
      ['rejects', () => Promise.reject(new Error('not registered')), /not registered/],
      [
        'gives nothing',
        () => undefined as never,
        /^the container gave undefined for Fine; register the class with it$/,
      ],
      ['gives no object', () => 'Fine' as never, /^the container gave Fine for Fine/],
    ])('when the container %s', async (_what, get, message) => {
      await expect(create(Fine, as('all'), { get })).rejects.toThrow(message);
      await expectNothingOnServer();
      expect(events).toEqual([]);
    });
  });

  describe('a process whose start fails ends by itself', () => {
    const connection = (options: object) => JSON.stringify({ servers: server.url, ...options });
    it.each<[string, () => Record<string, string>, RegExp]>([
      ['without a server', () => ({ CONNECTION: '{"servers":"127.0.0.1:1"}' }), /no connection to NATS at 127.0.0.1:1/],
      [
        'with a wrong password',
        () => ({ CONNECTION: connection({ user: 'all', pass: 'x' }) }),
        /refused the credentials/,
      ],
      [
        'with a subject that is refused',
        () => ({ CONNECTION: connection({ user: 'some', pass: 's' }), SUBJECT: 'forbidden.y' }),
        /cannot subscribe/,
      ],
      [
        'with an onStart that throws',
        () => ({ CONNECTION: connection({ user: 'all', pass: 'a' }), START: 'fails' }),
        /no database/,
      ],
      [
        'with a container that fails',
        () => ({ CONNECTION: connection({ user: 'all', pass: 'a' }), CONTAINER: 'fails' }),
        /not registered/,
      ],
    ])('%s', async (_what, environment, message) => {
      const child = startChild('failing.ts', environment());
      expect(await child.exit).toEqual({ code: 0, signal: null });
      expect(child.output).toMatch(/^failed: .*\n$/);
      expect(child.output).toMatch(message);
    });
  });
}, USERS);

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  const as = (user: string) => client.connect({ user, pass: user[0] });

  describe('with a given connection', () => {
    it.each<[string, string, Class[], RegExp]>([
      ['the server refuses an endpoint', 'some', [Fine, Refused], /cannot subscribe/],
      ['the server refuses discovery', 'hidden', [Fine, Last], /cannot subscribe/],
      ['onStart fails', 'all', [Fine, Broken], /no database/],
    ])(
      'create() leaves no subscription on it when %s, and it can be used again',
      async (_what, user, targets, message) => {
        const connection = await as(user);
        const subscribe = jest.spyOn(connection, 'subscribe');
        await expect(create(targets, connection)).rejects.toThrow(message);
        expect(connection.isClosed()).toBe(false);
        for (const { value } of subscribe.mock.results)
          expect((value as { isClosed(): boolean }).isClosed()).toBe(true);
        const nc = await as('all');
        for (const subject of ['$SRV.PING', 'fine', 'last', 'broken'])
          await expect(nc.request(subject, '', { timeout: 1000 })).rejects.toThrow(/503|no responders/i);
        await connection.flush();
      },
    );

    it('that is closed create() says so', async () => {
      const connection = await as('all');
      await connection.close();
      await expect(create(Fine, connection)).rejects.toThrow(/^the given connection is closed/);
      expect(events).toEqual([]);
    });

    it('a service can start where another has failed to', async () => {
      const connection = await as('some');
      await expect(create(Refused, connection)).rejects.toThrow(/cannot subscribe/);
      await hosts.start(Fine, { connection });
      const nc = await as('all');
      expect((await nc.request('fine')).json()).toBe('fine');
    });
  });

  it('an endpoint that is added, and that the server refuses, is not listed any more; the service goes on', async () => {
    const { service } = await hosts.start(Fine, { connection: await as('some') });
    await expect(service.addEndpoint('late', () => 1, { subject: 'forbidden.late' })).rejects.toThrow(
      /^service "fine" cannot subscribe: .*permissions violation/i,
    );
    expect(service.info().endpoints.map(({ name }) => name)).toEqual(['fine']);
    expect((await service.stats()).endpoints.map(({ name }) => name)).toEqual(['fine']);
    const nc = await as('all');
    expect((await nc.request('fine')).json()).toBe('fine');
    expect((await nc.request('$SRV.INFO.fine')).json()).toEqual(service.info());
    await service.addEndpoint('late', () => 1);
    expect((await nc.request('late')).json()).toBe(1);
  });
}, USERS);

describe('a server that comes up while create() waits', () => {
  let server: TestServer | undefined;
  afterEach(() => server?.stop());

  it('is not waited for by default: a wrong address shows at once', async () => {
    server = await startServer('broker');
    const { url } = server;
    await server.stop();
    await expect(create(Fine, { servers: url })).rejects.toThrow('no connection');
  });

  it('is waited for with waitOnFirstConnect', async () => {
    server = await startServer('broker');
    await server.stop();
    const starting = create(Fine, { servers: server.url, waitOnFirstConnect: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.restart();
    await (await starting).stop();
  });
});
