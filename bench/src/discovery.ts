import { connect, createInbox } from 'nats';
import { Load, type Exchange, type Slice } from './load';
import { ServiceProcess } from './service-process';
import { median, quantile } from './statistics';

/** What was measured of one library: medians by what they are of. */
export interface DiscoveryResult {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
}

type Figures = Record<string, number>;

const SIDES = [
  { name: 'natsmith', service: 'natsmith' },
  { name: 'services module of nats 2', service: 'services-2' },
];

const PINGS = 10_000;
const STORMS = 5;

/** Bootstrap, INFO and PING of large services and of many, round by round, in a process for each. */
export async function measureDiscovery(rounds: number, port: number): Promise<DiscoveryResult[]> {
  const samples = SIDES.map(() => new Map<string, number[]>());
  for (let round = 0; round < rounds; round++)
    for (const [index, { service }] of SIDES.entries()) {
      const figures = {
        ...(await thousandEndpoints(service, port)),
        ...(service === 'natsmith' && (await thousandValidated(port))),
        ...(await pingStorm(service, port)),
        ...(await hundredServices(service, port)),
      };
      for (const [what, value] of Object.entries(figures)) {
        const values = samples[index]?.get(what);
        if (values === undefined) samples[index]?.set(what, [value]);
        else values.push(value);
      }
    }
  return SIDES.map(({ name }, index) => ({
    name,
    figures: Object.fromEntries([...(samples[index] ?? [])].map(([what, values]) => [what, median(values)])),
  }));
}

async function thousandEndpoints(service: string, port: number): Promise<Figures> {
  return withService(service, 'many', port, async (running) => {
    let bytes = 0;
    const load = await Load.open(port, {
      subject: '$SRV.INFO.bench',
      payload: '',
      check(body) {
        bytes = Buffer.byteLength(body);
        const { endpoints } = JSON.parse(body) as { endpoints: unknown[] };
        if (endpoints.length !== 1000) throw new Error(`INFO names ${endpoints.length} endpoints instead of 1000`);
      },
    });
    // The first asks for a reply that is kept from then on, perhaps.
    await load.run(1, 100);
    const { cpu } = await running.usage();
    const { requests, latencies } = await load.run(1, 300);
    const cpuOfAll = (await running.usage()).cpu - cpu;
    load.close();
    return {
      '1,000 endpoints: bootstrap, ms': running.bootstrap,
      'INFO of 1,000 endpoints: ms to the reply': median(latencies) / 1000,
      'INFO of 1,000 endpoints: CPU of the service, ms': cpuOfAll / requests / 1000,
      'INFO of 1,000 endpoints: KB': bytes / 1024,
    };
  });
}

async function thousandValidated(port: number): Promise<Figures> {
  return withService('natsmith', 'many-validated', port, ({ bootstrap }) =>
    Promise.resolve({ '1,000 endpoints with validated payloads: bootstrap, ms': bootstrap }),
  );
}

/** All PINGs are sent at once; then again and again, while somebody has one request in flight. */
async function pingStorm(service: string, port: number): Promise<Figures> {
  return withService(service, 'plain', port, async (running) => {
    const pings = await Load.open(port, pingOf('bench'));
    const requests = await Load.open(port, {
      subject: 'bench.add',
      payload: '{"a":17,"b":25}',
      check(body) {
        if (body !== '42') throw new Error(`reply ${body} instead of 42`);
      },
    });
    await pings.run(PINGS, 0);
    await requests.run(1, 100);
    const { cpu } = await running.usage();
    const storms: Slice[] = [];
    for (let i = 0; i < STORMS; i++) storms.push(await pings.run(PINGS, 0));
    const cpuOfAll = (await running.usage()).cpu - cpu;
    const answered = storms.reduce((sum, storm) => sum + storm.requests, 0);
    const during = requests.run(1, 400);
    const started = performance.now();
    while (performance.now() - started < 400) await pings.run(PINGS, 0);
    const { latencies } = await during;
    pings.close();
    requests.close();
    return {
      '10,000 PINGs at once: ms until all are answered': median(storms.map(({ seconds }) => seconds)) * 1000,
      '10,000 PINGs at once: CPU of the service, µs for each': cpuOfAll / answered,
      'a request during such PINGs: p50, ms': quantile(latencies, 0.5) / 1000,
      'a request during such PINGs: p99, ms': quantile(latencies, 0.99) / 1000,
    };
  });
}

async function hundredServices(service: string, port: number): Promise<Figures> {
  return withService(service, 'hundred', port, async (running) => {
    const { memory } = await running.usage();
    return {
      '100 services in a process: bootstrap, ms': running.bootstrap,
      '100 services in a process: memory, MB': memory / 2 ** 20,
      '100 services in a process: one PING, ms until all have answered': await msForAll(100, port),
    };
  });
}

async function msForAll(services: number, port: number): Promise<number> {
  const connection = await connect({ servers: `nats://127.0.0.1:${port}` });
  try {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const started = performance.now();
      await new Promise<void>((resolve, reject) => {
        const inbox = createInbox();
        const ids = new Set<string>();
        const silence = setTimeout(
          () => reject(new Error(`${ids.size} of ${services} services answered PING`)),
          10_000,
        );
        const subscription = connection.subscribe(inbox, {
          callback(_error, message) {
            ids.add(message.json<{ id: string }>().id);
            if (ids.size < services) return;
            clearTimeout(silence);
            subscription.unsubscribe();
            resolve();
          },
        });
        connection.publish('$SRV.PING', undefined, { reply: inbox });
      });
      times.push(performance.now() - started);
    }
    return median(times);
  } finally {
    await connection.close();
  }
}

function pingOf(name: string): Exchange {
  return {
    subject: `$SRV.PING.${name}`,
    payload: '',
    check(body) {
      if ((JSON.parse(body) as { name: string }).name !== name) throw new Error(`unexpected reply to PING: ${body}`);
    },
  };
}

async function withService(
  service: string,
  variant: string,
  port: number,
  work: (running: ServiceProcess) => Promise<Figures>,
): Promise<Figures> {
  const running = await ServiceProcess.start(service, variant, port, 'bench.add');
  try {
    return await work(running);
  } finally {
    await running.end('SIGKILL');
  }
}
