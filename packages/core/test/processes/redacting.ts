import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';

@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  @Endpoint()
  pay(): void {
    throw Object.assign(new Error('card refused'), { card: '4111 1111 1111 1111', shop: 17 });
  }
}

/** A service that logs to pino, as one does that says nothing of a logger. */
async function main(): Promise<void> {
  const host = await NatsServiceFactory.create(Shop, { redact: ['err.card'] });
  await host.connection.request('pay');
  await host.stop();
}

void main();
