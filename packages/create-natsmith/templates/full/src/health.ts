import type { ServiceClient } from '@natsmith/client';
import type { RunningService } from '@natsmith/core';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

const PING_TIMEOUT = 1000;

/**
 * Answers the probes of Kubernetes. `/live`: this process answers. `/ready`: each of its services answers a PING that
 * went through the NATS server. While that server is away, it is not ready, and yet alive: it reconnects by itself.
 */
export async function serveHealth(
  client: ServiceClient,
  services: readonly RunningService[],
  port: number,
): Promise<Server> {
  const server = createServer((request, response) => {
    const check = request.url === '/live' ? Promise.resolve() : pingAll(client, services);
    check.then(
      () => response.writeHead(200).end('ok\n'),
      (error: Error) => response.writeHead(503).end(`${error.message}\n`),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  return server;
}

async function pingAll(client: ServiceClient, services: readonly RunningService[]): Promise<void> {
  await Promise.all(
    services.map(async ({ name, id }) => {
      const replies = await client.ping(name, id, { timeout: PING_TIMEOUT, stall: PING_TIMEOUT });
      if (replies.length === 0) throw new Error(`${name} ${id} does not answer`);
    }),
  );
}
