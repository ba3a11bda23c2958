import { NatsServiceFactory } from '@natsmith/core';
import { serveSite } from './site';
import { Weather } from './weather.service';

// A nats-server whose configuration has: websocket { port: 9222, no_tls: true }
const WEBSOCKET = process.env['NATS_WS'] ?? 'ws://127.0.0.1:9222';

async function main(): Promise<void> {
  const host = await NatsServiceFactory.create(Weather);
  const site = await serveSite(WEBSOCKET, 8080);
  void host.stopped.finally(() => site.close());
  console.log('http://127.0.0.1:8080');
}

void main();
