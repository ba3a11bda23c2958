import { NatsServiceFactory } from '@natsmith/core';
import { NatsServer } from '@natsmith/testing';
import { bundlePage, serveSite } from './site';
import { Weather } from './weather.service';

// With NATS_URL, a nats-server whose configuration has: websocket { port: 9222, no_tls: true }
const WEBSOCKET = process.env['NATS_WS'] ?? 'ws://127.0.0.1:9222';

async function main(): Promise<void> {
  const server = process.env['NATS_URL'] === undefined ? await startServer() : undefined;
  const host = await NatsServiceFactory.create(Weather, server && { connection: { servers: server.url } });
  const site = await serveSite(WEBSOCKET, 8080, await bundlePage());
  console.log('Open http://127.0.0.1:8080 in a browser; Ctrl-C ends it.');
  await host.stopped;
  site.close();
  await server?.stop();
}

/** A web page needs a nats-server: the broker inside the process speaks no WebSocket. */
function startServer(): Promise<NatsServer> {
  return NatsServer.start({ config: 'websocket { listen: "127.0.0.1:9222", no_tls: true }' });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
