import { Endpoint, NatsServiceFactory, Service, ServiceError, stream, type RequestContext } from '@natsmith/core';
import type { NatsConnection } from 'nats';
import { Operands, Order, quantityOf } from './payloads';
import { io, ready, type Two } from './process';

interface Count {
  n: number;
}

const MAX_ITEMS = 1000;

/** One endpoint of each kind; `n` is a nonsense value, at times. */
@Service({ name: 'endurance', version: '1.0.0' })
class Endurance {
  connection: NatsConnection | undefined;

  @Endpoint({ request: 'unchecked' }) plain({ a, b }: Two): number {
    return a + b;
  }

  @Endpoint() validated({ a, b }: Operands): number {
    return a + b;
  }

  @Endpoint() nested(order: Order): number {
    return quantityOf(order);
  }

  @Endpoint({ request: 'unchecked' }) async wait({ a, b }: Two): Promise<number> {
    await io();
    return a + b;
  }

  @Endpoint({ request: 'unchecked' }) fail({ a }: Two): never {
    throw new ServiceError(418, 'as asked', { data: { a } });
  }

  @Endpoint({ request: 'unchecked' }) header({ a, b }: Two, ctx: RequestContext): number {
    const tenant = ctx.headers.get('X-Tenant');
    if (tenant !== undefined) ctx.replyHeaders.set('X-Tenant', tenant);
    return a + b;
  }

  /** Looks at all that a context has. */
  @Endpoint({ request: 'unchecked', timeout: 200, concurrency: 64 })
  async everything(payload: unknown, ctx: RequestContext): Promise<number> {
    const values = ctx.headers.keys().flatMap((name) => ctx.headers.getAll(name));
    if (!ctx.signal.aborted) await io();
    return values.length + (ctx.deadline?.getTime() ?? 0) + JSON.stringify(payload ?? null).length;
  }

  @Endpoint() bytes(body: Uint8Array): Uint8Array {
    return body;
  }

  @Endpoint({ codec: 'text', request: 'unchecked' }) text(body: string): string {
    return body;
  }

  @Endpoint({ request: 'unchecked' }) async *items({ n }: Count): AsyncGenerator<Count> {
    for (let i = 0; i < Math.min(n, MAX_ITEMS); i++) yield { n: i };
  }

  @Endpoint({ request: stream(Operands) }) async upload(items: AsyncIterable<Operands>): Promise<number> {
    let sum = 0;
    for await (const { a, b } of items) sum += a + b;
    return sum;
  }

  @Endpoint({ request: stream('unchecked') }) async *both(items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const item of items) yield [item];
  }

  /** The number that the server gave the service's connection; another one after a reconnect. */
  @Endpoint() client(): number {
    return this.connection?.info?.client_id ?? -1;
  }
}

async function main(): Promise<void> {
  const started = performance.now();
  const host = await NatsServiceFactory.create(Endurance, { logger: false });
  host.get(Endurance).connection = host.connection;
  ready({ bootstrap: performance.now() - started });
}

void main();
