import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, NatsServiceHost } from '@natsmith/core';

/** As both client libraries have it. */
export interface Requesting {
  request(subject: string, body: Uint8Array, options: object): Promise<{ readonly data: Uint8Array }>;
}

const PATIENCE = 5_000;
/** Looks in a row that must find nothing: between two of them, what one handler has set off begins. */
const LOOKS = 3;

/** Resolves when no handler of a host runs, and no consumer has messages that it could take. */
export async function untilIdle(host: NatsServiceHost<Connection>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (let quiet = 0; quiet < LOOKS;) {
    await host.connection.flush();
    const busy = (await runningOf(host)) + (await pendingOf(host.connection as unknown as Requesting));
    quiet = busy === 0 ? quiet + 1 : 0;
    if (performance.now() > deadline) throw new Error(`not idle within ${PATIENCE} ms: ${busy} messages are under way`);
    await delay(2);
  }
}

async function runningOf(host: NatsServiceHost<Connection>): Promise<number> {
  const all = await Promise.all(host.services.map((service) => service.stats()));
  return all
    .flatMap(({ endpoints }) => endpoints)
    .reduce((sum, { measures }) => sum + measures.inFlight + measures.waiting, 0);
}

async function pendingOf(connection: Requesting): Promise<number> {
  const { streams = [] } = (await ask(connection, 'STREAM.NAMES')) as { streams?: string[] | null };
  const lists = await Promise.all(
    (streams ?? []).map((stream) => ask(connection, `CONSUMER.LIST.${stream}`) as Promise<{ consumers?: Info[] }>),
  );
  return lists.flatMap(({ consumers }) => consumers ?? []).reduce((sum, info) => sum + pendingAt(info), 0);
}

interface Info {
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly paused?: boolean;
  readonly config: { readonly max_ack_pending?: number };
}

/** Messages that it could give now. */
function pendingAt({ num_pending, num_ack_pending, paused, config }: Info): number {
  const { max_ack_pending: most = -1 } = config;
  return paused === true || (most > 0 && num_ack_pending >= most) ? 0 : num_pending;
}

/** Nothing where the server has no JetStream. */
async function ask(connection: Requesting, subject: string): Promise<object> {
  try {
    const { data } = await connection.request(`$JS.API.${subject}`, new Uint8Array(0), { timeout: PATIENCE });
    return JSON.parse(Buffer.from(data).toString()) as object;
  } catch {
    return {};
  }
}
