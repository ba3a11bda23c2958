import { Endpoint, NatsServiceFactory, Service, type RequestContext } from '@natsmith/core';

@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  @Endpoint()
  pay(_: undefined, { log }: RequestContext): void {
    log.info({ order: { card: '4111 3333 3333 3333', article: 'pear' } }, 'paying');
    throw Object.assign(new Error('card refused'), {
      card: '4111 1111 1111 1111',
      shop: 17,
      payer: { card: '4111 2222 2222 2222', name: 'Ann' },
    });
  }
}

/** A service that logs to pino, as one does that says nothing of a logger. */
async function main(): Promise<void> {
  const host = await NatsServiceFactory.create(Shop, { redact: ['*.card', 'err.payer.card'] });
  await host.connection.request('pay');
  await host.stop();
}

void main();
