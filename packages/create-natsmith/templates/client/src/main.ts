import { ServiceClient } from '@natsmith/client';
import { greet } from './greet';
import { listServices } from './services';

async function main(): Promise<void> {
  // Connects to NATS_URL, by default nats://127.0.0.1:4222.
  const client = await ServiceClient.connect();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void client.close());

  for (const line of await listServices(client)) console.log(line);
  console.log('Waiting for services; Ctrl-C ends it.');
  // Until the client is closed; instances that run already have joined.
  for await (const { type, service } of client.watch()) {
    console.log(`${service.name} ${service.version} ${type}`);
    if (type === 'joined' && service.name === 'greeter') console.log(await greet(client, 'world'));
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
