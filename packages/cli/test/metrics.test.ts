import { once } from 'node:events';
import { type ChildProcess } from 'node:child_process';
import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { connect, type NatsConnection } from 'nats';
import { languages, startAdder } from '#test/interop/languages';
import { describeWithTool } from '#test/interop/tools';
import { useServer } from '#test/matrix';
import { until } from '#test/until';
import { useCommand, type Command } from './command';
import { Cache, Calculator } from './services';

/** The exporter as a user starts it. */
function useExporter(server: { readonly url: string }) {
  const start = useCommand();
  return async (...args: string[]) => {
    const command = start(['metrics', '--port', '0', '--json', ...args], { env: { NATS_URL: server.url } });
    await until(() => command.stdout.includes('\n') || command.stderr !== '');
    const { url } = JSON.parse(command.stdout) as { url: string };
    return { command, url, scrape: async () => (await fetch(`${url}/metrics`)).text() };
  };
}

const valueOf = (metrics: string, series: string): number | undefined => {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

async function end(command: Command): Promise<number | null> {
  command.kill('SIGTERM');
  return (await command.outcome).code;
}

describe('natsmith metrics', () => {
  const server = useServer('broker');
  const start = useExporter(server);
  let caller: NatsConnection;
  let host: NatsServiceHost<NatsConnection>;
  beforeEach(async () => {
    caller = await connect({ servers: server.url });
    const options = { connection: { servers: server.url }, signals: false, logger: false } as const;
    host = await NatsServiceFactory.create([Calculator, Cache], options);
  });
  afterEach(async () => {
    await host.stop();
    await caller.close();
  });
  const add = () => caller.request('math.add', '{"a":1,"b":2}');
  const idOf = (name: string) => host.services.find((service) => service.name === name)?.id ?? '';
  const of = (handler: string) =>
    `{service="calculator",version="1.0.0",id="${idOf('calculator')}",handler="${handler}",kind="endpoint"}`;

  it('serves requests, errors and times of each endpoint of each instance', async () => {
    const { command, scrape } = await start();
    for (let i = 0; i < 3; i++) await add();
    await caller.request('math.divide', '{"a":1,"b":0}');
    const metrics = await scrape();
    expect(valueOf(metrics, `nats_service_requests_total${of('add')}`)).toBe(3);
    expect(valueOf(metrics, `nats_service_errors_total${of('divide')}`)).toBe(1);
    expect(valueOf(metrics, `nats_service_processing_seconds_total${of('add')}`)).toBeGreaterThan(0);
    expect(valueOf(metrics, 'nats_service_instances{service="cache",version="2.1.0"}')).toBe(1);
    const started = `nats_service_started_timestamp_seconds{service="cache",version="2.1.0",id="${idOf('cache')}"}`;
    expect(Math.abs((valueOf(metrics, started) ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(valueOf(metrics, 'nats_service_exporter_connected')).toBe(1);
    expect(metrics).toMatch(/\n# EOF\n$/);
    expect(await end(command)).toBe(0);
  });

  it('has counters that go on after a reset of the service', async () => {
    const { scrape } = await start();
    for (let i = 0; i < 3; i++) await add();
    expect(valueOf(await scrape(), `nats_service_requests_total${of('add')}`)).toBe(3);
    host.services.find((service) => service.name === 'calculator')?.reset();
    expect(valueOf(await scrape(), `nats_service_requests_total${of('add')}`)).toBe(3);
    for (let i = 0; i < 5; i++) await add();
    expect(valueOf(await scrape(), `nats_service_requests_total${of('add')}`)).toBe(8);
  });

  it('says where it listens to people, and answers /live and /ready', async () => {
    const { url } = await start();
    for (const path of ['/live', '/ready']) expect(await (await fetch(url + path)).text()).toBe('ok\n');
  });

  it('is not ready, but alive, and shows no service without a server', async () => {
    const own = await import('@natsmith/broker').then(({ Broker }) => Broker.start({ port: 0 }));
    const { url, scrape } = await start('--server', own.url);
    await own.stop();
    for (let i = 0; (await fetch(`${url}/ready`)).status === 200; i++) {
      if (i > 2000) throw new Error('not in time');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await fetch(`${url}/live`)).status).toBe(200);
    const metrics = await scrape();
    expect(valueOf(metrics, 'nats_service_exporter_connected')).toBe(0);
    expect(metrics).not.toContain('nats_service_requests_total');
  });

  it('refuses a port that is in use or invalid, with exit code 2', async () => {
    const { url } = await start();
    const command = useCommandNow(['metrics', '--port', new URL(url).port]);
    expect(await command).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is in use; choose another port/) as string,
    });
    expect(await useCommandNow(['metrics', '--port', '70000'])).toMatchObject({
      code: 2,
      stderr: 'natsmith: port must be a whole number from 0 to 65535, got 70000\n',
    });
  });
  const run = useCommand();
  const useCommandNow = (args: string[]) => run(args, { env: { NATS_URL: server.url } }).outcome;

  describe('given services whose discovery replies are false', () => {
    const reply = (fields: object, endpoint: object = {}): string =>
      JSON.stringify({
        type: 'io.nats.micro.v1.stats_response',
        name: 'liar',
        id: 'LIAR',
        version: '1.0.0',
        metadata: {},
        started: '2026-01-01T00:00:00Z',
        endpoints: [
          {
            name: 'e',
            subject: 'e',
            queue_group: 'q',
            num_requests: 1,
            num_errors: 0,
            last_error: '',
            processing_time: 5,
            average_processing_time: 5,
            ...endpoint,
          },
        ],
        ...fields,
      });
    const answer = async (...bodies: (string | Buffer)[]): Promise<void> => {
      caller.subscribe('$SRV.STATS', {
        callback: (_, message) => {
          for (const body of bodies) message.respond(body);
        },
      });
      await caller.flush();
    };

    it('shows the others, and how many replies cannot be used', async () => {
      const { scrape } = await start();
      await add();
      await answer(
        'no JSON',
        Buffer.from([0xff, 0xfe]),
        reply({ name: 'bad"} 1\nevil_metric 666\n#' }),
        reply({ id: 'a"b\nc' }),
        reply({}, { name: 'e"} 5\nevil 1' }),
        reply({}, { num_requests: -1 }),
        reply({}, { num_requests: '7' }),
        reply({ version: 'x'.repeat(100_000) }),
        reply({ endpoints: 'many' }),
      );
      const metrics = await scrape();
      expect(valueOf(metrics, `nats_service_requests_total${of('add')}`)).toBe(1);
      expect(valueOf(metrics, 'nats_service_unusable_replies')).toBeGreaterThan(5);
      expect(metrics).not.toMatch(/^evil/m);
      const wellFormed = /^(#.*|[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? [\d.e+-]+|)$/;
      expect(metrics.split('\n').filter((line) => !wellFormed.test(line))).toEqual([]);
    });

    it('counts an id once, whatever answers under it, and shortens what is long', async () => {
      const { scrape } = await start();
      const long = 'x'.repeat(900);
      await answer(reply({}), reply({}, { num_requests: 1000 }), reply({ id: 'OTHER', name: long }));
      const metrics = await scrape();
      expect(metrics).toContain(
        'nats_service_requests_total{service="liar",version="1.0.0",id="LIAR",handler="e",kind="endpoint"} 1\n',
      );
      expect(metrics).toContain(`service="${'x'.repeat(127)}…"`);
      expect(valueOf(metrics, 'nats_service_left_out_endpoints')).toBe(1);
    });

    it('shows no more than 10,000 endpoints, and says how many are left out', async () => {
      const { scrape } = await start();
      const endpoints = Array.from({ length: 3000 }, (_, i) => ({
        ...(JSON.parse(reply({})) as { endpoints: object[] }).endpoints[0],
        name: `e${i}`,
      }));
      await answer(...Array.from({ length: 5 }, (_, i) => reply({ id: `L${i}`, endpoints })));
      const metrics = await scrape();
      const shown = metrics.split('\n').filter((line) => line.startsWith('nats_service_requests_total{'));
      expect(shown).toHaveLength(10_000);
      expect(valueOf(metrics, 'nats_service_left_out_endpoints')).toBeGreaterThan(5000);
    });
  });

  for (const { name, tool, missing, build } of languages)
    describeWithTool(tool, `given a service in ${name}`, missing, () => {
      let adder: ChildProcess;
      beforeAll(async () => {
        adder = await startAdder((await build(tool ?? '')).adder, server);
      }, 180_000);
      afterAll(async () => {
        adder.stdin?.end();
        if (adder.exitCode === null) await once(adder, 'exit');
      });

      it('shows it beside ours', async () => {
        const { scrape } = await start();
        for (const body of ['{"a":1,"b":2}', '{"a":1,"b":2}', '{}']) await caller.request(`${name}.add`, body);
        await add();
        const metrics = await scrape();
        const its = `\\{service="${name}-adder",version="1\\.2\\.3",id="[^"]+",handler="add",kind="endpoint"\\}`;
        expect(metrics).toMatch(new RegExp(`\nnats_service_requests_total${its} 3\n`));
        // nats-py counts what its handler throws, and not what it answers.
        expect(metrics).toMatch(new RegExp(`\nnats_service_errors_total${its} ${name === 'go' ? 1 : 0}\n`));
        expect(valueOf(metrics, `nats_service_requests_total${of('add')}`)).toBe(1);
      });
    });
});
