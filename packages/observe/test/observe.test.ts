import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Endpoint,
  Group,
  Service,
  ServiceError,
  Subscribe,
  event,
  unchecked,
  type MessageStart,
  type RequestContext,
} from '@natsmith/core';
import { type ServerOptions, startServer } from '@natsmith/testing';
import { connect, headers, type NatsConnection } from 'nats';
import { useHosts } from '#test/hosts';
import { Log } from '#test/log';
import { onEachServer, onEachServerKind } from '#test/matrix';
import { observe, type Observer } from '../src/index';
import { eventually, page, valueOf } from './pages';

const Placed = event('observed.{id}.placed', unchecked<object>());
let release: () => void = () => undefined;

@Service({ name: 'shop', version: '1.2.3' })
@Group('shop')
class Shop {
  @Endpoint() fine(): number {
    return 1;
  }

  @Endpoint() refuse(): void {
    throw new ServiceError(409, 'sold out');
  }

  @Endpoint({ subject: 'items.{id}.get' }) get(_: undefined, ctx: RequestContext): string {
    return ctx.params.id ?? '';
  }

  @Endpoint({ concurrency: 1, maxPending: 1 }) async slow(): Promise<void> {
    await new Promise<void>((resolve) => (release = resolve));
  }

  @Subscribe(Placed) placed(): void {}
}

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

onEachServer((server) => {
  describe('observe()', () => {
    const hosts = useHosts();
    let caller: NatsConnection;
    let observer: Observer;
    const start = async () => {
      const started = await hosts.start(Shop, { connection: { servers: server.url } });
      observer = await observe(started.host, { port: 0 });
      return started;
    };
    const metrics = async (accept?: string): Promise<string> =>
      (await page(`${observer.url}/metrics`, accept === undefined ? {} : { headers: { accept } })).body;
    const of = (handler: string, kind = 'endpoint'): string =>
      `service="shop",version="1.2.3",handler="${handler}",kind="${kind}"`;

    beforeEach(async () => {
      caller = await connect({ servers: server.url });
    });
    afterEach(() => caller.close());

    it('counts messages by how long they took, errors by code, and what is turned away', async () => {
      await start();
      for (const name of ['fine', 'fine', 'refuse']) await caller.request(`shop.${name}`);
      const text = await metrics();
      expect(valueOf(text, `natsmith_message_duration_seconds_count{${of('fine')}}`)).toBe(2);
      expect(valueOf(text, `natsmith_message_duration_seconds_bucket{${of('fine')},le="+Inf"}`)).toBe(2);
      expect(valueOf(text, `natsmith_message_duration_seconds_bucket{${of('slow')},le="1.0"}`)).toBe(0);
      expect(valueOf(text, `natsmith_message_duration_seconds_sum{${of('fine')}}`)).toBeGreaterThan(0);
      expect(valueOf(text, `natsmith_message_errors_total{${of('refuse')},code="409"}`)).toBe(1);
      expect(valueOf(text, `natsmith_messages_shed_total{${of('slow')}}`)).toBe(0);
      expect(valueOf(text, `natsmith_handler_taking{${of('fine')}}`)).toBe(1);
    });

    it('shows what is in flight, what waits, and what was turned away', async () => {
      await start();
      const pending = [caller.request('shop.slow'), caller.request('shop.slow')];
      const waiting = `natsmith_messages_waiting{${of('slow')}}`;
      const text = await eventually(metrics, (shown) => valueOf(shown, waiting) === 1);
      expect(valueOf(text, `natsmith_messages_in_flight{${of('slow')}}`)).toBe(1);
      await caller.request('shop.slow');
      const after = await metrics();
      expect(valueOf(after, `natsmith_messages_shed_total{${of('slow')}}`)).toBe(1);
      expect(valueOf(after, `natsmith_message_errors_total{${of('slow')},code="503"}`)).toBe(1);
      release();
      await eventually(metrics, (shown) => valueOf(shown, waiting) === 0);
      release();
      await Promise.all(pending);
    });

    it('shows events as a kind of their own', async () => {
      await start();
      caller.publish('observed.1.placed', '{}');
      const series = `natsmith_message_duration_seconds_count{${of('placed', 'event')}}`;
      await eventually(metrics, (text) => valueOf(text, series) === 1);
    });

    it('has as many series for 1,000 values of {id} as for one', async () => {
      await start();
      await caller.request('shop.items.0.get');
      const before = (await metrics()).split('\n').length;
      const calls = Array.from({ length: 1000 }, (_, id) => caller.request(`shop.items.${id}.get`));
      await Promise.all(calls);
      const text = await metrics();
      expect(text.split('\n')).toHaveLength(before);
      expect(valueOf(text, `natsmith_message_duration_seconds_count{${of('get')}}`)).toBe(1001);
    });

    it('counts on after a reset from zero', async () => {
      const { service } = await start();
      for (const name of ['fine', 'refuse']) await caller.request(`shop.${name}`);
      service.reset();
      await caller.request('shop.fine');
      const text = await metrics();
      expect(valueOf(text, `natsmith_message_duration_seconds_count{${of('fine')}}`)).toBe(1);
      expect(valueOf(text, `natsmith_message_errors_total{${of('refuse')},code="409"}`)).toBeUndefined();
    });

    it('names a recorded trace as the exemplar of its bucket, to those who ask for OpenMetrics', async () => {
      await start();
      const traced = headers();
      traced.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
      await caller.request('shop.fine', '', { headers: traced, timeout: 5000 });
      const exemplars = (await metrics(OPEN_METRICS)).split('\n').filter((line) => line.includes('trace_id'));
      expect(exemplars).toEqual([
        expect.stringMatching(
          /^natsmith_message_duration_seconds_bucket\{.*handler="fine".*,le="[\d.]+"\} 1 # \{trace_id="0af7651916cd43dd8448eb211c80319c"\} [\d.e-]+ \d+\.\d{3}$/,
        ),
      ]);
      expect(await metrics()).not.toContain('trace_id');
      expect(await metrics('text/plain')).not.toContain('trace_id');
    });

    it('names a trace that was begun with the message, where it is recorded', async () => {
      await start();
      const begun = '4bf92f3577b34da6a3ce929d0e0e4736';
      let traceFlags = 0;
      const begin = (message: unknown): void => {
        (message as MessageStart).trace = { traceId: begun, traceFlags };
      };
      subscribe('natsmith:message:start', begin);
      try {
        await caller.request('shop.fine');
        expect(await metrics(OPEN_METRICS)).not.toContain('trace_id');
        traceFlags = 1;
        await caller.request('shop.fine');
        expect(await metrics(OPEN_METRICS)).toContain(`# {trace_id="${begun}"}`);
      } finally {
        unsubscribe('natsmith:message:start', begin);
      }
    });

    it('finds the trace of a message that comes after many without one', async () => {
      await start();
      for (let i = 0; i < 300; i++) await caller.request('shop.fine');
      await metrics(OPEN_METRICS);
      const traced = headers();
      traced.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
      await caller.request('shop.fine', '', { headers: traced, timeout: 5000 });
      expect(await metrics(OPEN_METRICS)).toContain('trace_id');
    });

    it('is told of a few messages only after each scrape while none has a trace, and of all once one has', async () => {
      await start();
      const isTold = () => channel('natsmith:message:end').hasSubscribers;
      const many = async () => {
        for (let i = 0; i < 300; i++) await caller.request('shop.fine');
      };
      await many();
      expect(isTold()).toBe(false);
      await metrics();
      expect(isTold()).toBe(true);
      await many();
      expect(isTold()).toBe(false);
      await metrics();
      const traced = headers();
      traced.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00');
      await caller.request('shop.fine', '', { headers: traced, timeout: 5000 });
      await many();
      expect(isTold()).toBe(true);
      await observer.close();
      expect(isTold()).toBe(false);
    });

    it.each([
      ['a trace that is not recorded', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'],
      ['a trace without an id', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
      ['what breaks out of a label', '00-"} 1\n# EOF\n-b7ad6b7169203331-01'.replaceAll('\n', ' ')],
      ['a very long value', `00-${'0af7651916cd43dd8448eb211c80319c'.repeat(1000)}-b7ad6b7169203331-01`],
    ])('takes no exemplar from %s', async (_, traceparent) => {
      await start();
      const traced = headers();
      traced.set('traceparent', traceparent);
      await caller.request('shop.fine', '', { headers: traced, timeout: 5000 });
      const text = await metrics(OPEN_METRICS);
      expect(valueOf(text, `natsmith_message_duration_seconds_count{${of('fine')}}`)).toBe(1);
      expect(text).not.toContain('trace_id');
    });

    it('distinguishes what another host of the process does from its own', async () => {
      await start();
      const other = await hosts.start(Shop, { connection: { servers: server.url } });
      await hosts.start(Other, { connection: { servers: server.url } });
      await other.service.stop();
      const traced = headers();
      traced.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
      await caller.request('other.fine', '', { headers: traced, timeout: 5000 });
      expect(await metrics(OPEN_METRICS)).not.toMatch(/trace_id|other/);
    });

    it('adds up services of one name and version in one host', async () => {
      const { host } = await hosts.start([Shop, Twin], { connection: { servers: server.url } });
      observer = await observe(host, { port: 0 });
      for (const name of ['shop.fine', 'twin.fine', 'twin.fine']) await caller.request(name);
      const text = await metrics();
      const series = `natsmith_message_duration_seconds_count{${of('fine')}}`;
      expect(text.split('\n').filter((line) => line.startsWith(series))).toHaveLength(1);
      expect(valueOf(text, series)).toBe(3);
      expect(valueOf(text, `natsmith_handler_taking{${of('fine')}}`)).toBe(1);
    });

    it('says in the log of the host where it serves', async () => {
      const log = new Log();
      const { host } = await hosts.start(Shop, { connection: { servers: server.url }, logger: log });
      const { url } = await observe(host, { port: 0 });
      expect(log.lines).toContainEqual({
        level: 'info',
        message: 'serving /metrics, /live, /ready',
        details: { url },
      });
    });

    it('logs why /metrics fails, and does not tell whoever asks', async () => {
      const log = new Log();
      const { host } = await hosts.start(Shop, { connection: { servers: server.url }, logger: log });
      const { connection, status, stopped, logger, services } = host;
      const [service] = services;
      const secret = new Error('secret');
      const failing = Object.create(service as object, { stats: { value: () => Promise.reject(secret) } }) as never;
      const { url, close } = await observe({ connection, status, stopped, logger, services: [failing] }, { port: 0 });
      expect(await page(`${url}/metrics`)).toMatchObject({
        status: 500,
        body: '/metrics failed; the log of this process says why\n',
      });
      expect(log.of('error')).toEqual([{ level: 'error', message: '/metrics failed', details: { err: secret } }]);
      await close();
    });

    it('answers /live and /ready with ok while the host runs', async () => {
      await start();
      for (const path of ['/live', '/ready'])
        expect(await page(`${observer.url}${path}`)).toMatchObject({ status: 200, body: 'ok\n' });
    });

    it('is not ready, but alive, while the host stops, and closes with it', async () => {
      const { host } = await start();
      const pending = caller.request('shop.slow');
      await eventually(metrics, (text) => valueOf(text, `natsmith_messages_in_flight{${of('slow')}}`) === 1);
      const stopped = host.stop();
      expect(await page(`${observer.url}/ready`)).toMatchObject({ status: 503, body: 'the host is stopping\n' });
      expect((await page(`${observer.url}/live`)).status).toBe(200);
      expect((await page(`${observer.url}/metrics`)).status).toBe(200);
      release();
      await Promise.all([pending, stopped]);
      await expect(page(`${observer.url}/live`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('is not ready when a handler takes no messages', async () => {
      const { host, service } = await start();
      await service.stop();
      expect(host.status).toBe('running');
      const { status, body } = await page(`${observer.url}/ready`);
      expect(status).toBe(503);
      expect(body.split('\n')).toContain('endpoint fine of shop takes no messages');
    });

    it('serves a host that is left open by its owner, until close()', async () => {
      await start();
      await observer.close();
      await observer.close();
      await expect(page(`${observer.url}/live`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('refuses a host that has stopped', async () => {
      const { host } = await start();
      await host.stop();
      await expect(observe(host, { port: 0 })).rejects.toThrow('the host has stopped; there is nothing to observe');
    });

    it('says that a port is in use', async () => {
      const { host } = await start();
      await expect(observe(host, { port: observer.port })).rejects.toThrow(
        `127.0.0.1:${observer.port} is in use; choose another port`,
      );
    });

    it.each([
      [{ port: -1 }, 'port must be a whole number from 0 to 65535, got -1'],
      [{ port: '9464' }, 'port must be a whole number from 0 to 65535, got 9464'],
      [{ hostname: '' }, 'hostname must be an address such as "127.0.0.1" or "0.0.0.0", got ""'],
      [{ prot: 1 }, 'observe() has no option "prot"; there are port and hostname'],
    ])('refuses the options %j', async (options, message) => {
      const { host } = await start();
      await expect(observe(host, options as never)).rejects.toThrow(message);
    });

    it('listens on the interface that is named', async () => {
      const { host } = await start();
      const everywhere = await observe(host, { port: 0, hostname: '0.0.0.0' });
      expect(everywhere.url).toBe(`http://0.0.0.0:${everywhere.port}`);
      expect((await page(`http://127.0.0.1:${everywhere.port}/live`)).status).toBe(200);
    });
  });
});

@Service({ name: 'other', version: '1.0.0' })
@Group('other')
class Other {
  @Endpoint() fine(): void {}
}

@Service({ name: 'shop', version: '1.2.3' })
@Group('twin')
class Twin {
  @Endpoint() fine(): void {}
}

onEachServerKind('observe() when the server goes away', (kind) => {
  const hosts = useHosts();
  const options: ServerOptions = {};

  it('is alive and not ready, and ready again with the server', async () => {
    await using server = await startServer(kind, options);
    const { host } = await hosts.start(Shop, { connection: { servers: server.url } });
    const { url } = await observe(host, { port: 0 });
    expect((await page(`${url}/ready`)).status).toBe(200);
    await server.kill();
    const away = await eventually(
      () => page(`${url}/ready`),
      ({ status }) => status === 503,
    );
    expect(away.body).toBe('the connection to NATS is away\n');
    expect((await page(`${url}/live`)).status).toBe(200);
    const { body } = await page(`${url}/metrics`);
    expect(valueOf(body, 'natsmith_connection_up')).toBe(0);
    expect(valueOf(body, 'natsmith_connection_disconnects_total')).toBe(1);
    await server.restart();
    await eventually(
      () => page(`${url}/ready`),
      ({ status }) => status === 200,
    );
    expect(valueOf((await page(`${url}/metrics`)).body, 'natsmith_connection_up')).toBe(1);
    await host.stop();
  });
});
