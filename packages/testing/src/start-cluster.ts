import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { NatsServer, type NatsServerOptions } from './nats-server';

const JOIN_TIMEOUT = 10_000;

/** Starts real servers that are routed to each other, and resolves when each of them knows all the others. */
export async function startCluster(size: number, options: NatsServerOptions = {}): Promise<NatsServer[]> {
  const servers: NatsServer[] = [];
  try {
    for (let i = 0; i < size; i++) {
      const cluster = { name: 'test', routes: servers.map((server) => server.route) };
      servers.push(await NatsServer.start({ ...options, cluster }));
    }
    await Promise.all(servers.map((server) => waitForPeers(server, size)));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

// A server greets its clients with the addresses of all the servers that it has routes to.
async function waitForPeers(server: NatsServer, size: number): Promise<void> {
  const deadline = Date.now() + JOIN_TIMEOUT;
  let known = 0;
  while (Date.now() < deadline) {
    known = (await greeting(server.port)).connect_urls?.length ?? 1;
    if (known === size) return;
    await delay(10);
  }
  throw new Error(
    `${server.url} knows ${known} of ${size} servers after ${JOIN_TIMEOUT} ms; it wrote:\n${server.output}`,
  );
}

async function greeting(port: number): Promise<{ connect_urls?: string[] }> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  try {
    let text = '';
    while (!text.includes('\r\n')) text += String((await once(socket, 'data'))[0]);
    return JSON.parse(text.slice('INFO '.length, text.indexOf('\r\n'))) as { connect_urls?: string[] };
  } finally {
    socket.destroy();
  }
}
