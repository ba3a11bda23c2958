import { join } from 'node:path';
import {
  DefinitionError,
  Endpoint,
  Group,
  NatsServiceFactory,
  Service,
  type Class,
  type RequestContext,
  type RunningService,
} from '@natsmith/core';
import { type InfoResponse, type PingResponse, type StatsResponse } from '@natsmith/protocol';
import { startServer, type TestServer } from '@natsmith/testing';
import { connect, type NatsConnection } from 'nats';
import { type Connection } from '#test/connection';
import { onEachServer, onEachServerAndClient, onEachServerKind } from '#test/matrix';
import { useChildren } from '#test/child';
import { useHosts } from '#test/hosts';
import { underLoad } from '#test/load';
import { Log } from '#test/log';
import { until } from '#test/until';

const CODE = 'Nats-Service-Error-Code';
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Handlers of `Gated.hold` wait until the gate is opened. */
class Gate {
  entered = 0;
  aborted = 0;
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));

  async inside(count: number): Promise<void> {
    while (this.entered < count) await pause(1);
  }
}
let gate = new Gate();
beforeEach(() => {
  gate = new Gate();
});
afterEach(() => gate.open());

@Service({ name: 'gated', version: '1.0.0' })
class Gated {
  @Endpoint()
  fine(): string {
    return 'fine';
  }

  @Endpoint()
  async short(): Promise<string> {
    await pause(3);
    return 'short';
  }

  @Endpoint({ request: 'unchecked' })
  async hold(_: unknown, { signal }: RequestContext): Promise<string> {
    gate.entered++;
    signal.addEventListener('abort', () => gate.aborted++);
    await gate.opened;
    return 'held';
  }

  @Endpoint({ request: 'unchecked' })
  obey(_: unknown, { signal }: RequestContext): Promise<never> {
    gate.entered++;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }
}

@Service({ name: 'other', version: '1.0.0' })
class Other {
  @Endpoint()
  next(): string {
    return 'door';
  }
}

const noResponders = (nc: Pick<Connection, 'request'>, subject: string) =>
  expect(nc.request(subject, '', { timeout: 20_000 })).rejects.toThrow(/503|no responders/i);
const hasNoResponders = (nc: Pick<Connection, 'request'>, subject: string) =>
  nc.request(subject, '', { timeout: 20_000 }).then(
    () => false,
    (error: Error) => /503|no responders/i.test(error.message),
  );
const isFine = (nc: Pick<Connection, 'request'>) =>
  nc.request('fine', '', { timeout: 500 }).then(
    () => true,
    () => false,
  );

onEachServerAndClient((_server, client) => {
  const hosts = useHosts();
  let nc: Connection;
  const start = async (
    target: Class | readonly Class[] = Gated,
    options: { stopTimeout?: number; logger?: Log } = {},
  ) => hosts.start(target, { connection: await client.connect(), ...options });

  beforeEach(async () => {
    nc = await client.connect();
  });

  describe('stop', () => {
    it('under load loses no request: the other instance takes over', async () => {
      const [leaving] = [await start(), await start()];
      const served = async () => (await leaving.service.stats()).endpoints[1]!.num_requests;
      let answered = 0;
      const load = underLoad(nc, 'short', () => answered++);
      while ((await served()) < 200) await pause(5);
      await leaving.service.stop();
      const atStop = await served();
      const answeredAtStop = answered;
      while (answered < answeredAtStop + 200) await pause(5);
      expect(await load.end()).toEqual([]);
      expect(await served()).toBe(atStop);
    });

    it('waits for the handlers that run, and their callers get the replies', async () => {
      const { service } = await start();
      const replies = [1, 2, 3].map(() => nc.request('hold', '', { timeout: 5000 }));
      await gate.inside(3);
      let hasStopped = false;
      const stopping = service.stop().then(() => (hasStopped = true));
      await pause(50);
      expect(hasStopped).toBe(false);
      gate.open();
      expect((await Promise.all(replies)).map((reply) => reply.json())).toEqual(['held', 'held', 'held']);
      await stopping;
      expect(gate.aborted).toBe(0);
    });

    it('takes no new request while it waits, but can still be discovered', async () => {
      const { service } = await start();
      const reply = nc.request('hold', '', { timeout: 5000 });
      await gate.inside(1);
      const stopping = service.stop();
      await until(() => hasNoResponders(nc, 'fine'));
      expect((await nc.request('$SRV.PING.gated')).json()).toEqual(service.ping());
      expect((await nc.request('$SRV.STATS.gated')).json<StatsResponse>().id).toBe(service.id);
      gate.open();
      await Promise.all([reply, stopping]);
    });

    it('leaves nothing: when it resolves, neither the endpoints nor $SRV have a responder', async () => {
      const { service } = await start();
      await service.stop();
      await noResponders(nc, 'fine');
      for (const subject of ['$SRV.PING', '$SRV.INFO.gated', `$SRV.STATS.gated.${service.id}`])
        await noResponders(nc, subject);
    });

    it('after stopTimeout answers 503 for the handlers that still run, and aborts their signals', async () => {
      const log = new Log();
      const { service } = await start(Gated, { stopTimeout: 100, logger: log });
      const replies = ['hold', 'obey'].map((subject) => nc.request(subject, '', { timeout: 5000 }));
      await gate.inside(2);
      const before = performance.now();
      await service.stop(); // the handlers would hold it for ever
      expect(performance.now() - before).toBeGreaterThan(90);
      expect(gate.aborted).toBe(1);
      for (const reply of await Promise.all(replies)) expect(reply.headers?.get(CODE)).toBe('503');
      expect(log.find('warn', /stop does not wait/)).toHaveLength(1);
    });

    it('waits for as long as it takes where stopTimeout is Infinity', async () => {
      const { service } = await start(Gated, { stopTimeout: Infinity });
      const reply = nc.request('hold', '', { timeout: 5000 });
      await gate.inside(1);
      const stopping = service.stop();
      await pause(30);
      gate.open();
      expect((await reply).json()).toBe('held');
      await stopping;
    });

    it('is done once, however often it is called', async () => {
      const log = new Log();
      const { host, service } = await start(Gated, { logger: log });
      await Promise.all([service.stop(), service.stop(), host.stop(), host.stop()]);
      await service.stop();
      expect(log.find('info', /service stopped/)).toHaveLength(1);
    });

    it('of one service leaves the other services and the connection', async () => {
      const { host } = await start([Gated, Other]);
      const [gated, other] = host.services as [RunningService, RunningService];
      await gated.stop();
      expect((await nc.request('next')).json()).toBe('door');
      expect((await nc.request('$SRV.PING')).json<PingResponse>().id).toBe(other.id);
      expect(host.connection.isClosed()).toBe(false);
    });

    it('of a host leaves a given connection open, and other hosts on it', async () => {
      const connection = await client.connect();
      const first = await hosts.start(Gated, { connection });
      await hosts.start(Other, { connection });
      await first.host.stop();
      expect(connection.isClosed()).toBe(false);
      await noResponders(nc, 'fine');
      expect((await nc.request('next')).json()).toBe('door');
    });
  });

  describe('stopped', () => {
    it('resolves with null after an ordinary stop', async () => {
      const { host, service } = await start();
      await host.stop();
      expect(await Promise.all([host.stopped, service.stopped])).toEqual([null, null]);
    });

    it('resolves with the error that stop was given', async () => {
      const reason = new Error('out of memory');
      const { host, service } = await start();
      expect(await host.stop(reason)).toBe(reason);
      expect(await Promise.all([host.stopped, service.stopped])).toEqual([reason, reason]);
    });

    it('of one service has nothing to do with the others', async () => {
      const reason = new Error('broken');
      const { host } = await start([Gated, Other]);
      const [gated, other] = host.services as [RunningService, RunningService];
      await gated.stop(reason);
      expect(await gated.stopped).toBe(reason);
      expect(await Promise.race([other.stopped, host.stopped, pause(20).then(() => 'running')])).toBe('running');
    });

    it('resolves when the connection is closed from outside', async () => {
      const { host, service } = await start();
      await host.connection.close();
      expect(await host.stopped).toBeNull();
      expect(await service.stopped).toBeNull();
    });

    it('resolves when the connection is drained from outside', async () => {
      const { host, service } = await start();
      await host.connection.drain();
      expect(await host.stopped).toBeNull();
      expect(await service.stopped).toBeNull();
    });
  });

  describe('endpoints that are added to a running service', () => {
    it('answer, are listed at once and are counted', async () => {
      const { service } = await start();
      const adding = service.addEndpoint('twice', (n: number) => 2 * n, { metadata: { cost: 'low' } });
      expect(service.info().endpoints.at(-1)).toEqual({
        name: 'twice',
        subject: 'twice',
        queue_group: 'q',
        metadata: { cost: 'low' },
      });
      await adding;
      expect((await nc.request('twice', '21')).json()).toBe(42);
      expect((await nc.request('$SRV.INFO.gated')).json<InfoResponse>().endpoints).toHaveLength(5);
      const { endpoints } = (await nc.request('$SRV.STATS.gated')).json<StatsResponse>();
      expect(endpoints.at(-1)).toMatchObject({ name: 'twice', num_requests: 1, num_errors: 0 });
    });

    it('know their context: params, service, endpoint', async () => {
      const { service } = await start();
      await service.addEndpoint('get', (_: unknown, { params, endpoint }) => [params, endpoint], {
        subject: 'orders.{id}.get',
      });
      const reply = await nc.request('orders.7.get');
      expect(reply.json()).toEqual([{ id: '7' }, { name: 'get', subject: 'orders.*.get', queueGroup: 'q' }]);
    });

    it('may be validated, limited and fail as any other', async () => {
      const { service } = await start();
      await service.addEndpoint('strict', (text: string) => text.length, { request: String, timeout: 20 });
      expect((await nc.request('strict', '"four"')).json()).toBe(4);
      expect((await nc.request('strict', '4')).headers?.get(CODE)).toBe('400');
      await service.addEndpoint('hang', () => new Promise(() => {}), { timeout: 20 });
      expect((await nc.request('hang')).headers?.get(CODE)).toBe('504');
    });

    it('inherit prefix and queue group from the groups that they are added through', async () => {
      const { service } = await start();
      const v1 = service.addGroup('v1', { queueGroup: 'one' });
      const inner = v1.addGroup('inner');
      const none = v1.addGroup('none', { queueGroup: false });
      await service.addGroup('').addEndpoint('root', () => 0);
      await v1.addEndpoint('a', () => 1);
      await v1.addEndpoint('b', () => 1, { queueGroup: 'own' });
      await inner.addEndpoint('a', () => 2);
      await none.addEndpoint('a', () => 3);
      await none.addEndpoint('c', () => 3, { queueGroup: 'again' });
      const added = service.info().endpoints.slice(4);
      expect(added.map(({ subject, queue_group }) => [subject, queue_group])).toEqual([
        ['root', 'q'],
        ['v1.a', 'one'],
        ['v1.b', 'own'],
        ['v1.inner.a', 'one'],
        ['v1.none.a', ''],
        ['v1.none.c', 'again'],
      ]);
      expect((await nc.request('v1.inner.a')).json()).toBe(2);
    });

    it.each<[string, (service: RunningService) => unknown, RegExp]>([
      ['a bad name', (s) => s.addEndpoint('a b', () => 1), /addEndpoint\("a b"\) endpoint name "a b"/],
      ['a bad subject', (s) => s.addEndpoint('a', () => 1, { subject: 'a..b' }), /empty token/],
      ['a bad queue group', (s) => s.addEndpoint('a', () => 1, { queueGroup: 'a b' }), /queue group "a b"/],
      ['a bad limit', (s) => s.addEndpoint('a', () => 1, { timeout: -1 }), /timeout .*got -1/],
      [
        'metadata that is not a string',
        (s) => s.addEndpoint('a', () => 1, { metadata: { a: 1 as never } }),
        /metadata "a"/,
      ],
      ['no handler', (s) => s.addEndpoint('a', undefined as never), /no handler/],
      ['a bad group prefix', (s) => s.addGroup('a.>'), /addGroup\("a.>"\) group prefix .* may not contain ">"/],
      ['a subject that is taken', (s) => s.addEndpoint('fine', () => 1), /subject "fine" of Gated.fine too/],
      ['a subject that overlaps', (s) => s.addEndpoint('all', () => 1, { subject: '>', queueGroup: 'q' }), /overlaps/],
      [
        'a discovery subject',
        (s) => s.addEndpoint('PING', () => 1, { subject: '$SRV.PING' }),
        /reserved for discovery/,
      ],
    ])('are refused with a DefinitionError: %s', async (_what, add, message) => {
      const { service } = await start();
      const attempt = async () => add(service);
      await expect(attempt()).rejects.toThrow(DefinitionError);
      await expect(attempt()).rejects.toThrow(message);
      expect(service.info().endpoints).toHaveLength(4);
    });

    it('are refused with all their mistakes at once', async () => {
      const { service } = await start();
      const attempt = async () => service.addEndpoint('a b', () => 1, { subject: 'x..y', timeout: 0 });
      await expect(attempt()).rejects.toMatchObject({ mistakes: { length: 3 } });
    });

    it('are refused when the service has stopped', async () => {
      const { service } = await start();
      await service.stop();
      const attempt = async () => service.addEndpoint('late', () => 1);
      await expect(attempt()).rejects.toThrow('"gated" has stopped');
    });

    it('are finished by stop, too', async () => {
      const { service } = await start();
      await service.addEndpoint('added', async () => {
        gate.entered++;
        await gate.opened;
        return 'held';
      });
      const reply = nc.request('added', '', { timeout: 2000 });
      await gate.inside(1);
      const stopping = service.stop();
      gate.open();
      expect((await reply).json()).toBe('held');
      await stopping;
      await noResponders(nc, 'added');
    });
  });
});

onEachServer((server) => {
  const hosts = useHosts();
  const startChild = useChildren(join(__dirname, 'processes'));
  let nc: NatsConnection;

  beforeEach(async () => {
    nc = await connect({ servers: server.url });
  });
  afterEach(() => nc.close());

  describe('a host that made its connection', () => {
    const start = (options: { stopTimeout?: number; logger?: Log } = {}) =>
      hosts.start(Gated, { connection: { servers: server.url }, ...options });

    it('closes it at stop, after the last of many replies', async () => {
      const { host } = await start();
      const replies = Array.from({ length: 500 }, () => nc.request('hold', '', { timeout: 5000 }));
      await gate.inside(500);
      const stopping = host.stop();
      await nc.flush();
      gate.open();
      await stopping;
      expect(host.connection.isClosed()).toBe(true);
      for (const reply of await Promise.all(replies)) expect(reply.json()).toBe('held');
    });

    it('sends the 503 of a handler over stopTimeout before it closes it', async () => {
      const { host } = await start({ stopTimeout: 50 });
      const reply = nc.request('hold', '', { timeout: 2000 });
      await gate.inside(1);
      await host.stop();
      expect((await reply).headers?.get(CODE)).toBe('503');
    });

    it('stops at the end of an "await using" block', async () => {
      {
        await using host = await NatsServiceFactory.create<NatsConnection>(Gated, {
          connection: { servers: server.url },
          logger: false,
          signals: false,
        });
        expect((await host.connection.request('fine')).json()).toBe('fine');
      }
      await noResponders(nc, 'fine');
    });

    it('leaves no signal listeners behind, and has one for any number of hosts', async () => {
      const before = process.listenerCount('SIGTERM');
      const options = { connection: { servers: server.url }, logger: false } as const;
      const hosts = await Promise.all(Array.from({ length: 12 }, () => NatsServiceFactory.create(Gated, options)));
      expect(process.listenerCount('SIGTERM')).toBe(before + 1);
      const [last, ...others] = hosts;
      await Promise.all(others.map((host) => host.stop()));
      expect(process.listenerCount('SIGTERM')).toBe(before + 1);
      await last?.stop();
      expect(process.listenerCount('SIGTERM')).toBe(before);
    });

    it('knows its instances: get(Class)', async () => {
      const { host } = await start();
      expect(host.get(Gated)).toBeInstanceOf(Gated);
      expect(() => host.get(Other)).toThrow('Other does not run here');
    });
  });

  describe('onStart and onStop', () => {
    let events: string[];

    class Recorded {
      onStart(): Promise<void> {
        return pause(2).then(() => void events.push(`start ${this.constructor.name}`));
      }

      onStop(): Promise<void> {
        return pause(2).then(() => void events.push(`stop ${this.constructor.name}`));
      }
    }

    @Group('shared')
    class Shared extends Recorded {
      @Endpoint()
      x(): void {}
    }

    @Service({ name: 'first', version: '1.0.0', groups: [Shared] })
    @Group('first')
    class First extends Recorded {
      @Endpoint()
      async work(): Promise<string> {
        events.push('request');
        await pause(20);
        events.push('reply');
        return 'done';
      }
    }

    @Group('second', { groups: [Shared] })
    class InSecond {}

    @Service({ name: 'second', version: '1.0.0', groups: [InSecond] })
    class Second extends Recorded {
      @Endpoint()
      y(): void {}
    }

    const connection = () => ({ servers: server.url });

    beforeEach(() => {
      events = [];
    });

    it('run once for each instance: before the first request, and after the last reply', async () => {
      const { host } = await hosts.start([First, Second], { connection: connection() });
      expect(events).toEqual(['start First', 'start Shared', 'start Second']);
      const reply = nc.request('first.work', '', { timeout: 2000 });
      while (!events.includes('request')) await pause(1);
      await host.stop();
      expect((await reply).json()).toBe('done');
      expect(events[3]).toBe('request');
      expect(events.slice(4).sort()).toEqual(['reply', 'stop First', 'stop Second', 'stop Shared']);
      expect(events.indexOf('stop First')).toBeGreaterThan(events.indexOf('reply'));
      expect(events.indexOf('stop Shared')).toBeGreaterThan(events.indexOf('reply'));
    });

    it('stop in the reverse order of the start', async () => {
      const { host } = await hosts.start(First, { connection: connection() });
      await host.stop();
      expect(events).toEqual(['start First', 'start Shared', 'stop Shared', 'stop First']);
    });

    it('onStop waits for the last service that uses the instance', async () => {
      const { host } = await hosts.start([First, Second], { connection: connection() });
      const [first, second] = host.services as [RunningService, RunningService];
      events = [];
      await first.stop();
      expect(events).toEqual(['stop First']);
      await second.stop();
      expect(events).toEqual(['stop First', 'stop Shared', 'stop Second']);
    });

    it('an onStop that fails is logged, and the rest goes on', async () => {
      @Service({ name: 'failing', version: '1.0.0' })
      class Failing extends Gated {
        onStop(): never {
          throw new Error('cannot close');
        }
      }
      const log = new Log();
      const { host } = await hosts.start([Failing, Second], { connection: connection(), logger: log });
      expect(await host.stop()).toBeNull();
      expect(events).toContain('stop Second');
      expect(log.find('error', /onStop failed/)).toEqual([{ class: 'Failing', err: new Error('cannot close') }]);
      expect(host.connection.isClosed()).toBe(true);
    });

    it('onStop runs when the connection is closed from outside', async () => {
      const { host } = await hosts.start(Second, { connection: connection() });
      await host.connection.close();
      await host.stopped;
      expect(events).toContain('stop Second');
    });
  });

  describe('signals, in a process of its own', () => {
    it('SIGTERM: what runs is finished and answered, then the process ends by itself with code 0', async () => {
      const child = startChild('worker.ts', { NATS_URL: server.url });
      await child.wrote('ready');
      const reply = nc.request('slow', '300', { timeout: 5000 });
      await child.wrote('working');
      child.kill('SIGTERM');
      expect((await reply).json()).toBe('done');
      expect(await child.exit).toEqual({ code: 0, signal: null });
      expect(child.output).toMatch(/onStop\nstopped\n$/);
    });

    it('a second signal does not wait: the caller gets 503, and the process ends', async () => {
      const child = startChild('worker.ts', { NATS_URL: server.url });
      await child.wrote('ready');
      const reply = nc.request('slow', '600000', { timeout: 50_000 });
      await child.wrote('working');
      child.kill('SIGINT');
      await child.wrote('stopping');
      child.kill('SIGINT');
      expect((await reply).headers?.get(CODE)).toBe('503');
      await child.wrote(/^stopped$/m);
    });

    it('a third signal ends a process whose onStop hangs', async () => {
      const child = startChild('worker.ts', { NATS_URL: server.url, HANG: '1' });
      await child.wrote('ready');
      child.kill('SIGTERM');
      await child.wrote('onStop');
      // Signals that come together are one.
      for (; child.isRunning; await pause(50)) child.kill('SIGTERM');
      expect(await child.exit).toEqual({ code: null, signal: 'SIGTERM' });
    });
  });
});

onEachServerKind('a server that goes and comes back', (kind) => {
  const hosts = useHosts();
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer(kind);
  });
  afterEach(() => server.stop());

  it.each(['stopped in order', 'killed'])('%s: the service answers again, with its id and its stats', async (how) => {
    const { host, service } = await hosts.start([Gated, Other], { connection: { servers: server.url } });
    const before = await connect({ servers: server.url });
    await before.request('fine');
    await before.close();
    const stats = await service.stats();
    if (how === 'killed') await server.kill();
    await server.restart();
    const nc = await connect({ servers: server.url });
    await until(() => isFine(nc));
    expect((await nc.request('$SRV.PING.gated')).json()).toEqual(service.ping());
    const after = (await nc.request('$SRV.STATS.gated')).json<StatsResponse>();
    expect(after.started).toBe(stats.started);
    expect(after.endpoints[0]?.num_requests).toBe(2);
    expect((await nc.request('next')).json()).toBe('door');
    await nc.close();
    expect(await Promise.race([host.stopped, pause(5).then(() => 'running')])).toBe('running');
  });

  it('a handler that runs meanwhile does its work, and the service goes on', async () => {
    const { service } = await hosts.start(Gated, { connection: { servers: server.url } });
    const caller = await connect({ servers: server.url, reconnect: false });
    const lost = caller.request('hold', '', { timeout: 5000 }).catch(() => 'lost');
    await gate.inside(1);
    await server.kill();
    expect(await lost).toBe('lost');
    gate.open();
    await pause(10);
    await server.restart();
    const nc = await connect({ servers: server.url });
    await until(() => isFine(nc));
    expect((await service.stats()).endpoints[2]).toMatchObject({ name: 'hold', num_requests: 1 });
    await nc.close();
  });

  it('a host can be stopped while the server is away', async () => {
    const { host } = await hosts.start(Gated, { connection: { servers: server.url }, stopTimeout: 300 });
    await server.kill();
    expect(await host.stop()).toBeNull();
    expect(host.connection.isClosed()).toBe(true);
  });
});
