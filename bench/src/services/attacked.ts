import { Endpoint, NatsServiceFactory, Service, stream } from '@natsmith/core';
import { Operands } from './payloads';
import { ready } from './process';

const MIB = 1024 * 1024;
const PARTS = 12;
const PART = 900 * 1024;

/** What attacks are aimed at: a plain endpoint, an endless stream, a stream of items to take, and a large reply. */
@Service({ name: 'attacked', version: '1.0.0' })
class Attacked {
  @Endpoint() add({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint() async *count(): AsyncGenerator<number> {
    for (let n = 1; ; n++) {
      yield n;
      if (n % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  @Endpoint({ request: stream(Operands) }) async sum(items: AsyncIterable<Operands>): Promise<number> {
    let sum = 0;
    for await (const { a, b } of items) sum += a + b;
    return sum;
  }

  /** Replies that are large: what waits to be sent is as many of them as run at the same time. */
  @Endpoint({ request: Number, concurrency: 16 }) down(mebibytes: number): Uint8Array {
    return Buffer.alloc(mebibytes * MIB, 1);
  }

  @Endpoint({ codec: 'bytes' }) async *parts(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < PARTS; i++) yield Buffer.alloc(PART, 1);
  }

  @Endpoint({ request: stream('unchecked'), codec: 'bytes' })
  async taken(items: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    let bytes = 0;
    for await (const { length } of items) bytes += length;
    return Buffer.from(String(bytes));
  }

  @Endpoint({ maxBody: 16 * MIB }) up(body: Uint8Array): number {
    return body.length;
  }
}

async function main(): Promise<void> {
  await NatsServiceFactory.create(Attacked, { logger: false });
  ready();
}

void main();
