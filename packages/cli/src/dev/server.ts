import { Broker } from '@natsmith/broker';
import type { ServiceClient } from '@natsmith/client';
import { readServerUrl, splitServers } from '@natsmith/protocol';
import type { NatsConnection } from 'nats';
import { connectClient } from '../connection/connect';
import type { ConnectionFlags } from '../connection/flags';
import { ExitCode, Failure } from '../exit';

/** A NATS server that answers, and a client of it. */
export interface Server {
  readonly client: ServiceClient<NatsConnection>;
  /** What was done to get it, in one line. */
  readonly said: string;
  stop(): Promise<void>;
}

const DEFAULT_PORT = 4222;
const REFUSED = /ECONNREFUSED|CONNECTION_REFUSED/;

/** Connects to the server that the flags or the environment name; where none answers on this machine, one is started. */
export async function findOrStartServer(
  flags: ConnectionFlags,
  variables: Record<string, string> = {},
): Promise<Server> {
  // Only those that say where NATS is: the rest is the service's.
  for (const [name, value] of Object.entries(variables)) if (name.startsWith('NATS_')) process.env[name] = value;
  try {
    const client = await connectClient(flags);
    return { client, said: `NATS is at ${client.connection.getServer()}`, stop: () => client.close() };
  } catch (error) {
    const address = ownAddress(process.env.NATS_URL);
    if (!isNobodyThere(error) || address === undefined) throw error;
    const broker = await startBroker(address);
    process.env.NATS_URL = broker.url;
    const client = await connectClient({ ...(flags.timeout !== undefined && { timeout: flags.timeout }) });
    return {
      client,
      said: `no server answered at ${address.host}:${address.port}, so a broker runs in this process: ${broker.url}`,
      async stop() {
        await client.close();
        await broker.stop();
      },
    };
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof Failure && error.exitCode === ExitCode.noConnection && REFUSED.test(error.message);
}

/** The address, where it is one of this machine; elsewhere a broker here would not be what was meant. */
function ownAddress(urls = ''): { host: string; port: number } | undefined {
  const [given = ''] = splitServers(urls);
  const first = readServerUrl(given).server;
  if (first === '') return { host: '127.0.0.1', port: DEFAULT_PORT };
  const url = new URL(/^[a-z]+:\/\//.test(first) ? first : `nats://${first}`);
  const isOwn = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'].includes(url.hostname);
  return isOwn ? { host: '127.0.0.1', port: Number(url.port || DEFAULT_PORT) } : undefined;
}

async function startBroker({ port }: { port: number }): Promise<Broker> {
  try {
    return await Broker.start({ port });
  } catch (error) {
    // Somebody was quicker, or may not use that port: any other will do, for the service is told.
    if ((error as { code?: string }).code === undefined) throw error;
    return Broker.start();
  }
}
