import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';

const options = JSON.parse(process.env.CONNECTION ?? '{}') as object;

@Service({ name: 'failing', version: '1.0.0' })
class Failing {
  @Endpoint({ subject: process.env.SUBJECT ?? 'x' })
  x(): void {}

  onStart(): void {
    if (process.env.START === 'fails') throw new Error('no database');
  }
}

/** A start that fails; nothing keeps the process alive but what the factory left behind. */
async function main(): Promise<void> {
  const container = {
    get: (): never => {
      throw new Error('not registered');
    },
  };
  await NatsServiceFactory.create(Failing, {
    connection: options,
    logger: false,
    ...(process.env.CONTAINER === 'fails' && { container }),
  }).catch((error: Error) => console.log(`failed: ${error.message}`));
}

void main();
