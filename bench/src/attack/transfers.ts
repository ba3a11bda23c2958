import { ServiceClient } from '@natsmith/client';
import type { NatsServer, TestServer } from '@natsmith/testing';
import { connect } from 'nats';
import type { Program } from '../endurance/program';
import { megabytes } from '../endurance/trend';
import { ServiceProcess } from '../service-process';

const MIB = 1024 * 1024;
const BODY = Buffer.alloc(8 * MIB, 1);
const PARTS = 12;
const PART = Buffer.alloc(900 * 1024, 1);
const STREAM = PARTS * PART.length;
const TIMEOUT = 240_000;
const SAMPLE = 100;
/** MiB of memory that one side may need beyond what it had: 32 under way, 16 bodies in the making, and Node's own. */
const MOST_MEMORY = 400;

interface Attacked {
  up(body: Uint8Array): number;
  down(mebibytes: number): Uint8Array;
}

type Clients = readonly ServiceClient[];

/** Many large transfers at the same time. */
interface Transfer {
  readonly what: string;
  readonly clients: number;
  readonly count: number;
  /** One of them; gives the bytes that it moved. */
  readonly run: (client: ServiceClient) => Promise<number>;
  readonly bytes: number;
}

async function* parts(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < PARTS; i++) yield PART;
}

const upload = async (client: ServiceClient): Promise<number> =>
  Number(await (await client.service<Attacked>('attacked', { timeout: TIMEOUT })).up(BODY));
const download = (mebibytes: number) => async (client: ServiceClient) => {
  const service = await client.service<Attacked>('attacked', { timeout: TIMEOUT });
  return (await service.down(mebibytes, { as: 'bytes' })).length;
};
const readParts = async (client: ServiceClient): Promise<number> => {
  let bytes = 0;
  for await (const { length } of client.stream<Uint8Array>('parts', undefined, { as: 'bytes', timeout: TIMEOUT }))
    bytes += length;
  return bytes;
};
const sendParts = async (client: ServiceClient): Promise<number> =>
  Number(await client.call('taken', parts(), { timeout: TIMEOUT }));

const transfers = (isFast: boolean): Transfer[] => [
  { what: 'uploads of 8 MiB', clients: 40, count: 40, run: upload, bytes: BODY.length },
  { what: 'uploads of 8 MiB', clients: 20, count: isFast ? 60 : 500, run: upload, bytes: BODY.length },
  { what: 'uploads of 8 MiB', clients: 1, count: isFast ? 40 : 100, run: upload, bytes: BODY.length },
  { what: 'downloads of 8 MiB', clients: 1, count: isFast ? 40 : 100, run: download(8), bytes: BODY.length },
  { what: 'downloads of 2 MiB', clients: 1, count: isFast ? 200 : 1000, run: download(2), bytes: 2 * MIB },
  { what: 'streams down of 12 × 900 KiB', clients: 1, count: isFast ? 60 : 100, run: readParts, bytes: STREAM },
  { what: 'streams up of 12 × 900 KiB', clients: 1, count: isFast ? 30 : 100, run: sendParts, bytes: STREAM },
  { what: 'streams up of 12 × 900 KiB', clients: 40, count: 40, run: sendParts, bytes: STREAM },
];

/** More at the same time than a connection or a process could hold: all arrives, whole, and nothing is cut off. */
export const transfersAtOnce: Program = async (server, { requests, tell }) => {
  const service = await ServiceProcess.start('attacked', '', server.port, '');
  const figures: Record<string, string> = {};
  const misses: string[] = [];
  try {
    for (const transfer of transfers(requests !== undefined)) {
      const { what, clients, count } = transfer;
      const name = `${count} ${what}, ${clients === 1 ? 'one client' : `${clients} clients`}`;
      const { failures, ...seen } = await run(server, service, transfer);
      figures[name] =
        `${failures.length} failed, ${seen.slow} slow consumers, ${seen.seconds.toFixed(1)} s, ` +
        `memory of the service +${megabytes(seen.service)} MB, of the callers +${megabytes(seen.callers)} MB`;
      tell(`${name}: ${figures[name]}`);
      if (failures.length > 0) misses.push(`${name}: ${failures.length} failed, the first with "${failures[0]}"`);
      if (seen.slow > 0) misses.push(`${name}: the server cut off ${seen.slow} slow consumers`);
      for (const [side, bytes] of [
        ['service', seen.service],
        ['callers', seen.callers],
      ] as const)
        if (bytes > MOST_MEMORY * MIB) misses.push(`${name}: ${megabytes(bytes)} MB more memory of the ${side}`);
      if (!service.isRunning) return { figures, misses: [...misses, `${name}: the service has ended`] };
    }
    return { figures, misses };
  } finally {
    await service.end('SIGKILL');
  }
};

async function run(server: TestServer, service: ServiceProcess, { clients, count, run, bytes }: Transfer) {
  const slowBefore = slowConsumers(server);
  const callers: Clients = await Promise.all(
    Array.from({ length: clients }, async () => new ServiceClient(await connect({ servers: server.url }))),
  );
  const before = { service: (await service.usage()).memory, callers: process.memoryUsage().rss };
  const peak = { ...before };
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      peak.callers = Math.max(peak.callers, process.memoryUsage().rss);
      peak.service = Math.max(peak.service, (await service.usage()).memory);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE));
    }
  })();
  const started = performance.now();
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      try {
        const moved = await run(callers[i % callers.length] as ServiceClient);
        if (moved !== bytes) failures.push(`${moved} of ${bytes} bytes`);
      } catch (error) {
        failures.push(String(error));
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  isDone = true;
  await watching;
  await Promise.all(callers.map(({ connection }) => connection.close()));
  return {
    ...{ failures, seconds, slow: slowConsumers(server) - slowBefore },
    ...{ service: peak.service - before.service, callers: peak.callers - before.callers },
  };
}

/** As far as the server has told on its standard error. */
function slowConsumers(server: TestServer): number {
  return (server as NatsServer).output.match(/slow consumer/gi)?.length ?? 0;
}
