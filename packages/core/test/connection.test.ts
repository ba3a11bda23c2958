import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoint, NatsServiceFactory, Service, type NatsServiceHost } from '@natsmith/core';
import { NatsServer } from '@natsmith/testing';
import { Cable } from '#test/cable';
import { type Connection } from '#test/connection';
import { describeWithNatsServer, onEachServerAndClient } from '#test/matrix';
import { useChildren } from '#test/child';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { until } from '#test/until';

@Service({ name: 'greeter', version: '1.0.0' })
class Greeter {
  @Endpoint()
  greet(): string {
    return 'hello';
  }

  @Endpoint()
  part(): string {
    return 'bye';
  }
}

onEachServerAndClient((server, client) => {
  const hosts = useHosts();

  it('a lost and a regained connection are a log line each, and seen in the status', async () => {
    const log = new Log();
    const connection = await client.connect({ reconnectTimeWait: 20, maxReconnectAttempts: -1 });
    const { host } = await hosts.start(Greeter, { connection, logger: log });
    expect(host.status).toBe('running');

    const down = server.kill();
    await until(() => host.status === 'disconnected');
    await down;
    await server.restart();
    await until(() => host.status === 'running');
    expect(log.find('warn', /^disconnected from NATS$/)).toHaveLength(1);
    expect(log.find('info', /^reconnected to NATS$/)).toHaveLength(1);

    const stopping = host.stop();
    expect(host.status).toBe('stopping');
    await stopping;
    expect(host.status).toBe('stopped');
  });
});

onEachServerAndClient(
  (_server, client) => {
    const hosts = useHosts();
    const asUser = (user: string): Promise<Connection> => client.connect({ user, pass: 'x' });

    it('a reply that the server does not permit is a log line, at most ten of them in ten seconds', async () => {
      const log = new Log();
      await hosts.start(Greeter, { connection: await asUser('mute'), logger: log });
      const caller = await asUser('all');
      for (let i = 0; i < 30; i++) caller.publish('greet', '{}', { reply: `answers.${i}` });
      await until(() => log.find('error', /does not permit this user to publish to answers\.9$/).length > 0);
      await delay(50);
      const lines = log.find('error', /does not permit/);
      expect(lines).toHaveLength(10);
      expect(lines[0]).toEqual({ operation: 'publish', subject: 'answers.0' });
    });
  },
  {
    users: [
      { user: 'all', pass: 'x' },
      { user: 'mute', pass: 'x', permissions: { publish: { deny: ['answers.>'] } } },
    ],
  },
);

describeWithNatsServer('a permission that is taken back from a running service', () => {
  const hosts = useHosts();
  const usersWith = (permissions?: object) => ({
    users: [
      { user: 'service', pass: 'x', permissions },
      { user: 'all', pass: 'x' },
    ],
  });
  const namesIn = (host: NatsServiceHost<never>): string[] =>
    host.services[0]!.info().endpoints.map(({ name }) => name);

  it('takes the endpoint out of INFO until it is granted again', async () => {
    await using server = await NatsServer.start(usersWith());
    const log = new Log();
    const { host } = await hosts.start(Greeter, {
      connection: { servers: server.url, user: 'service', pass: 'x' },
      logger: log,
    });
    expect(namesIn(host as never)).toEqual(['greet', 'part']);

    await server.reload(usersWith({ subscribe: { deny: ['greet'] } }));
    await until(() => namesIn(host as never).length === 1);
    expect(namesIn(host as never)).toEqual(['part']);
    expect(log.find('error', /has ended the subscription to greet/)).toHaveLength(1);

    await server.reload(usersWith());
    await until(() => namesIn(host as never).length === 2);
    expect(log.find('info', /subscribed to greet again/)).toHaveLength(1);
    expect((await host.connection.request('greet')).json()).toBe('hello');
  });
});

describeWithNatsServer('a service that loses its server for good', () => {
  const startChild = useChildren(join(__dirname, 'processes'));

  it('stops with the error, and its process ends with a code other than 0', async () => {
    await using server = await NatsServer.start();
    const child = startChild('worker.ts', { NATS_URL: server.url, RECONNECTS: '2' });
    await child.wrote('ready', { timeout: 30_000 });
    await server.kill();
    await child.wrote('stopped');
    expect(child.output).toContain('onStop');
    expect(child.output).toMatch(/with .*(CONNECTION_REFUSED|ECONNREFUSED)/);
    expect((await child.exit).code).toBe(1);
  });
});

onEachServerAndClient((server, client) => {
  const hosts = useHosts();

  describe('a service on a connection that may not reconnect', () => {
    it('stops with an error when the link is cut, and without one when the connection is closed', async () => {
      const cable = await Cable.to(server.port);
      const options = { servers: `127.0.0.1:${cable.port}`, reconnect: false };
      const [lost, closed] = [await client.connect(options), await client.connect(options)];
      const ofClosed = await hosts.start(Greeter, { connection: closed });
      const ofLost = await hosts.start(Greeter, { connection: lost });
      await closed.close();
      expect(await ofClosed.host.stopped).toBeNull();
      cable.close();
      expect(await ofLost.host.stopped).toMatchObject({
        message: 'the server ended the connection, which has "reconnect: false"',
      });
    });
  });
});

describeWithNatsServer('a service whose credentials are refused', () => {
  it('says so once, and is back when they are accepted', async () => {
    await using server = await NatsServer.start({ users: [{ user: 'ann', pass: 'old' }] });
    const log = new Log();
    await using host = await NatsServiceFactory.create(Greeter, {
      connection: { servers: server.url, user: 'ann', pass: 'old' },
      logger: log,
      signals: false,
    });
    await server.reload({ users: [{ user: 'ann', pass: 'new' }] });
    await until(() => log.find('error', /NATS refused the credentials/).length > 0);
    await delay(1500); // attempts come at least twice a second
    expect(log.find('error', /NATS refused the credentials/)).toHaveLength(1);
    expect(host.status).toBe('disconnected');
    await server.reload({ users: [{ user: 'ann', pass: 'old' }] });
    await until(() => host.status === 'running');
    expect((await host.connection.request('greet')).json()).toBe('hello');
    expect(log.find('warn', /^disconnected from NATS/)).toHaveLength(1);
    expect(log.find('info', /^reconnected to NATS/)).toHaveLength(1);
  });
});
