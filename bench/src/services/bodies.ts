import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { Operands, Order } from './payloads';
import { ready } from './process';

const LARGE = 64 * 1024 * 1024;

/** Takes any body, with the default limit and with the highest. */
@Service({ name: 'bodies', version: '1.0.0' })
class Bodies {
  @Endpoint() ping(): string {
    return 'pong';
  }

  @Endpoint({ request: 'unchecked' }) any(_: unknown): number {
    return 1;
  }

  @Endpoint() operands({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint() order({ items }: Order): number {
    return items.length;
  }

  @Endpoint({ request: 'unchecked', maxBody: LARGE }) anyLarge(_: unknown): number {
    return 1;
  }

  @Endpoint({ maxBody: LARGE }) operandsLarge({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint({ maxBody: LARGE }) bytesLarge({ length }: Uint8Array): number {
    return length;
  }
}

async function main(): Promise<void> {
  await NatsServiceFactory.create(Bodies, { logger: false });
  ready();
}

void main();
