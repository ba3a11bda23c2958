import { ServiceClient } from '@natsmith/client';
import { serveHealth } from './health';
import { startServices } from './start-services';

async function main(): Promise<void> {
  // Connects to NATS_URL, by default nats://127.0.0.1:4222; the services and their client share the connection.
  const client: ServiceClient = await ServiceClient.connect();
  try {
    const host = await startServices(client);
    const port = process.env.HEALTH_PORT;
    const health = port ? await serveHealth(client, host.services, Number(port)) : undefined;
    // SIGINT and SIGTERM stop the host in order.
    const error = await host.stopped;
    health?.close().closeAllConnections();
    if (error) throw error;
  } finally {
    await client.close();
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
