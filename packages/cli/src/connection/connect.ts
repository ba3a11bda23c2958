import { ServiceClient } from '@natsmith/client';
import { withoutCredentials } from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import { ExitCode, Failure } from '../exit';
import { selectedContext } from './context';
import { connectionEnvironment } from './environment';
import type { ConnectionFlags } from './flags';

/** Milliseconds; the library's own 20 s are long for somebody who waits in front of a terminal. */
const CONNECT_TIMEOUT = 5_000;

/** Connects, hands the client to the work, and closes it whatever happens. */
export async function withClient<T>(
  flags: ConnectionFlags,
  work: (client: ServiceClient<NatsConnection>) => Promise<T>,
): Promise<T> {
  const client = await connectClient(flags);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** A client as the flags, the context and the environment say. @throws Failure 4 when there is no connection */
export async function connectClient(flags: ConnectionFlags): Promise<ServiceClient<NatsConnection>> {
  const env = connectionEnvironment(flags, process.env);
  // What is left out of the new environment has to go from the old one, too.
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  const { timeout, prefix } = flags;
  // Discovery ends by itself; nothing waits for ever for services that may not exist.
  const isBounded = timeout !== undefined && timeout < Infinity;
  const connecting = ServiceClient.connect({
    ...(timeout !== undefined && { timeout }),
    ...(isBounded && { discovery: { timeout } }),
    ...(prefix !== undefined && { prefix }),
  });
  try {
    return await before(connecting, Math.max(isBounded ? timeout : 0, CONNECT_TIMEOUT), env.NATS_URL);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const message = (cause as Error).message.replace('NATS_URL, or the option "connection"', '--server or NATS_URL');
    throw new Failure(ExitCode.noConnection, `${message}${hint(flags, env)}`, { cause });
  }
}

async function before<T>(promise: Promise<T>, timeout: number, server = 'nats://127.0.0.1:4222'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    const error = new Error(`no connection to NATS at ${withoutCredentials(server)} within ${timeout} ms`);
    timer = setTimeout(() => reject(error), timeout);
  });
  return Promise.race([promise, timedOut]).finally(() => clearTimeout(timer));
}

/** A selected context is not used unasked: where it is prod, that would be a bad surprise. */
function hint(flags: ConnectionFlags, env: Record<string, string | undefined>): string {
  const selected = selectedContext();
  const isChosen = flags.context ?? flags.server ?? env.NATS_CONTEXT ?? env.NATS_URL;
  if (selected === undefined || isChosen !== undefined) return '';
  return `; or use the context that is selected in the nats command: --context ${selected}`;
}
