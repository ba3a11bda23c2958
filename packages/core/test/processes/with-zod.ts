import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { z } from 'zod';

const Operands = z.object({ a: z.number(), b: z.number() });

@Service({ name: 'calculator', version: '1.0.0' })
class Calculator {
  @Endpoint({ request: Operands, response: z.number() })
  add({ a, b }: z.infer<typeof Operands>): number {
    return a + b;
  }
}

/** A service whose only payload is a zod schema; writes which of the validation libraries are loaded after a request. */
async function main(): Promise<void> {
  const host = await NatsServiceFactory.create(Calculator, { logger: false });
  const request = async (payload: object): Promise<string> => {
    const reply = await host.connection.request('add', JSON.stringify(payload));
    return reply.headers?.get('Nats-Service-Error-Code') ?? reply.string();
  };
  console.log('replies', await request({ a: 1, b: 2 }), await request({ a: 1, b: 'two' }));
  await host.stop();
  const loaded = Object.keys(require.cache).filter((file) => /node_modules\/(class-[a-z]+|zod)\//.test(file));
  console.log('loaded', ...new Set(loaded.map((file) => /node_modules\/([^/]+)/.exec(file)?.[1])));
}

void main();
