import { Broker } from '@natsmith/broker';
import type { ServiceClient } from '@natsmith/client';
import { readServerUrl, splitServers } from '@natsmith/protocol';
import { findNatsServer, NatsServer, natsServerVersion } from '@natsmith/testing';
import type { NatsConnection } from 'nats';
import { connectClient } from '../connection/connect';
import type { ConnectionFlags } from '../connection/flags';
import { ExitCode, Failure, wrongUse } from '../exit';

/** A NATS server that answers, and a client of it. */
export interface Server {
  readonly client: ServiceClient<NatsConnection>;
  /** What was done to get it, in one line. */
  readonly said: string;
  stop(): Promise<void>;
}

/** A server that this process has started. */
interface Started {
  readonly url: string;
  /** What it is, in a few words. */
  readonly name: string;
  stop(): Promise<void>;
}

const DEFAULT_PORT = 4222;
const REFUSED = /ECONNREFUSED|CONNECTION_REFUSED/;

/**
 * Connects to the server that the flags or the environment name; where none answers on this machine, one is started: the
 * broker in this process, or with `jetstream` a nats-server with a temporary store.
 */
export async function findOrStartServer(
  { jetstream, ...flags }: ConnectionFlags & { jetstream?: boolean },
  variables: Record<string, string> = {},
): Promise<Server> {
  // Only those that say where NATS is: the rest is the service's.
  for (const [name, value] of Object.entries(variables)) if (name.startsWith('NATS_')) process.env[name] = value;
  try {
    const client = await connectClient(flags);
    const at = client.connection.getServer();
    if (jetstream === true && client.connection.info?.jetstream !== true) {
      await client.close();
      throw wrongUse(
        `the NATS server at ${at} has no JetStream: start it with -js, or stop it, so that --jetstream can start one`,
      );
    }
    return { client, said: `NATS is at ${at}`, stop: () => client.close() };
  } catch (error) {
    const address = ownAddress(process.env.NATS_URL);
    if (!isNobodyThere(error) || address === undefined) throw error;
    const server = jetstream === true ? await startNatsServer(address) : await startBroker(address);
    process.env.NATS_URL = server.url;
    const client = await connectClient({ ...(flags.timeout !== undefined && { timeout: flags.timeout }) });
    return {
      client,
      said: `no server answered at ${address.host}:${address.port}, so ${server.name}: ${server.url}`,
      async stop() {
        await client.close();
        await server.stop();
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

async function startBroker({ port }: { port: number }): Promise<Started> {
  const broker = await elsewhereIfTaken(port, (free) => Broker.start({ port: free }));
  const name = 'a broker runs in this process, which forgets everything when it ends';
  return { url: broker.url, name, stop: () => broker.stop() };
}

async function startNatsServer({ port }: { port: number }): Promise<Started> {
  const binary = findNatsServer();
  if (binary === undefined) {
    throw wrongUse(
      'no nats-server found: put one on PATH, name it in NATS_SERVER, or leave out --jetstream, since the broker in this process has JetStream in memory',
    );
  }
  const server = await elsewhereIfTaken(port, (free) => NatsServer.start({ port: free, jetstream: true, binary }));
  const name = `nats-server ${natsServerVersion(binary)} runs with JetStream, which forgets everything when it ends`;
  return { url: server.url, name, stop: () => server.stop() };
}

/** Somebody was quicker, or may not use that port: any other will do, since the service gets its URL. */
async function elsewhereIfTaken<T>(port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port);
  } catch {
    return start(0);
  }
}
