import {
  Endpoint,
  event,
  Group,
  Metadata,
  Service,
  StatsHandler,
  stream,
  Subscribe,
  Use,
  type EndpointStats,
  type EventContext,
  type Middleware,
  type RequestContext,
} from '@natsmith/core';
import { z } from 'zod';
import { Experimental } from './experimental';
import { Operands } from './operands';

const Order = z.object({
  sku: z.string().transform((sku) => sku.toUpperCase()),
  quantity: z.number().int().positive(),
});
type Order = z.infer<typeof Order>;
export const OrderPlaced = event('orders.{id}.placed', Order);

const trace: Middleware = async (ctx, next) => {
  if (ctx.kind === 'endpoint') ctx.replyHeaders.append('Trace', ctx.handler.name);
  return next();
};
const Roles = (...roles: string[]) => Metadata({ roles: roles.join(',') });

@Group('stock')
export class Stock {
  #level = 5;

  @Endpoint({ subject: '{sku}.level', request: 'unchecked' })
  @Group('now')
  level(_: unknown, ctx: RequestContext): string {
    return `${ctx.params['sku']}:${this.#level}`;
  }
}

/** A class without a decorator of its own: its methods are inherited. */
export class Base {
  readonly placed: string[] = [];

  @Endpoint({ request: Operands })
  add({ a, b, note }: Operands): object {
    return { sum: a + b, note };
  }

  @Endpoint('overridden')
  @Use(trace)
  override(): string {
    return 'of the parent';
  }

  @Endpoint()
  redecorated(): string {
    return 'of the parent';
  }

  @Subscribe(OrderPlaced)
  seen(order: Order, ctx: EventContext<typeof OrderPlaced>): void {
    this.placed.push(`${ctx.params.id}:${order.sku}`);
  }

  @StatsHandler()
  data({ name }: EndpointStats): object {
    return { of: name };
  }
}

@Service({ name: 'standard', version: '1.0.0', groups: [Stock] })
@Group('shop')
@Use(trace)
@Roles('everybody')
export class Standard extends Base {
  // #region payloads
  @Endpoint({ request: Order, response: Order })
  @Roles('customer')
  order(order: Order): Order {
    return order;
  }

  @Endpoint({ request: [Operands], response: [Number] })
  sums(all: Operands[]): number[] {
    return all.map(({ a, b }) => a + b);
  }
  // #endregion

  @Endpoint({ response: stream(Number) })
  async *count(): AsyncGenerator<number> {
    for (const item of [1, 2, 3]) yield item;
  }

  @Endpoint({ request: stream(Order) })
  async total(orders: AsyncIterable<Order>): Promise<number> {
    let total = 0;
    for await (const { quantity } of orders) total += quantity;
    return total;
  }

  @Endpoint()
  orders(): string[] {
    return this.placed;
  }

  override override(): string {
    return 'of the child';
  }

  @Endpoint({ subject: 'again' })
  override redecorated(): string {
    return 'of the child';
  }
}

/** A standard class whose parent is an experimental one. */
@Service({ name: 'mixed', version: '1.0.0' })
@Group('mixed')
export class Mixed extends Experimental {
  @Endpoint({ request: Operands })
  subtract({ a, b }: Operands): number {
    return a - b;
  }
}

export { Experimental };
