import { ServiceClient } from '@natsmith/client';
import { observe } from '@natsmith/observe';
import { startServices } from './start-services';

async function main(): Promise<void> {
  // Connects to NATS_URL, by default nats://127.0.0.1:4222; the services and their client share the connection.
  const client: ServiceClient = await ServiceClient.connect();
  try {
    const host = await startServices(client);
    const port = process.env.OBSERVE_PORT;
    // On all interfaces: probes and Prometheus come from outside of the container.
    if (port) await observe(host, { port: Number(port), hostname: '0.0.0.0' });
    // SIGINT and SIGTERM stop the host in order.
    const error = await host.stopped;
    if (error) throw error;
  } finally {
    await client.close();
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
