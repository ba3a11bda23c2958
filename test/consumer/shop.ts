// A user's module, for both kinds of decorators and each kind of module resolution: scripts/check-packages.mjs compiles it.
import { ServiceClient, type ServiceProxy } from '@natsmith/client';
import {
  Endpoint,
  event,
  NatsServiceFactory,
  Service,
  stream,
  Subscribe,
  type Event,
  type EventContext,
  type NatsServiceHost,
  type RequestContext,
} from '@natsmith/core';
import { Consume, eventStream, type EventStream } from '@natsmith/jetstream';
import type { TestHost } from '@natsmith/testing';
import { z } from 'zod';

export interface Order {
  sku: string;
  quantity: number;
}
const Order: z.ZodType<Order> = z.object({ sku: z.string(), quantity: z.number() });

export const Placed: Event<'orders.{id}.placed', typeof Order> = event('orders.{id}.placed', Order);
export const Orders: EventStream<typeof Placed> = eventStream('ORDERS', { events: [Placed] });

@Service({ name: 'shop', version: '1.0.0' })
export class Shop {
  @Endpoint({ request: Order, response: Order })
  order(order: Order, _ctx: RequestContext): Order {
    return order;
  }

  @Endpoint({ response: stream(Number) })
  async *count(): AsyncGenerator<number> {
    yield 1;
  }

  @Subscribe(Placed)
  placed(_: Order, ctx: EventContext<typeof Placed>): string {
    return ctx.params.id;
  }

  @Consume(Orders, Placed)
  stored(_: Order): void {}
}

export async function run(host: TestHost): Promise<Order> {
  const own: NatsServiceHost = await NatsServiceFactory.create(Shop);
  const client: ServiceClient = await ServiceClient.connect();
  const shop: ServiceProxy<Shop> = await client.service<Shop>('shop');
  await Promise.all([own.stop(), host.stop()]);
  return shop.order({ sku: 'a', quantity: 1 });
}
