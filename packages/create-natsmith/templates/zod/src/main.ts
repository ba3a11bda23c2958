import { NatsServiceFactory } from '@natsmith/core';
import { Greeter } from './greeter.service';

async function main(): Promise<void> {
  // Connects to NATS_URL, by default nats://127.0.0.1:4222. SIGINT and SIGTERM stop it in order.
  const host = await NatsServiceFactory.create(Greeter);
  const error = await host.stopped;
  if (error) throw error;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
