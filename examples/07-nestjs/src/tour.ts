import { ServiceClient } from '@natsmith/client';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';

/** What others see of the application: a client of Nest, which knows nothing of a move, and one of natsmith. */
export async function tour(servers: string, say: (line: string) => void): Promise<void> {
  const nest = ClientProxyFactory.create({ transport: Transport.NATS, options: { servers } });
  const send = (order: object): Promise<unknown> => lastValueFrom(nest.send({ cmd: 'place-order' }, order));
  try {
    say(`Nest's client: ${JSON.stringify(await send({ customer: 'c1', quantity: 2 }))}`);
    const refused = await send({ customer: 'c9', quantity: 2 }).catch((error: unknown) => error);
    say(`Nest's client: ${JSON.stringify(refused)}`);
  } finally {
    await nest.close();
  }

  await using client = await ServiceClient.connect({ connection: { servers } });
  const orders = await client.service<{ place(order: object): unknown }>('orders', { version: '^1.0.0' });
  say(`natsmith's client: ${JSON.stringify(await orders.place({ customer: 'c1', quantity: 1 }))}`);
  const invalid: unknown = await orders.place({ customer: 'c1', quantity: 0 }).catch((error: unknown) => error);
  say(`natsmith's client: ${(invalid as Error).message}`);
}
