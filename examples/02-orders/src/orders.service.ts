import {
  Endpoint,
  type EndpointStats,
  Group,
  type OnStop,
  type RequestContext,
  Service,
  ServiceError,
  StatsHandler,
  Use,
} from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { Lifecycle, scoped } from 'tsyringe';
import { authenticate, userOf } from './authentication';
import { Database } from './database';
import { type Line, NewOrder, type Order, type Product } from './payloads';

@scoped(Lifecycle.ContainerScoped)
@Service({
  name: 'orders',
  version: '1.0.0',
  description: 'Takes orders',
  timeout: 2000,
  concurrency: 20,
  maxPending: 100,
})
@Group('orders')
@Use(authenticate)
export class Orders implements OnStop {
  constructor(private readonly database: Database) {}

  /** Either all lines can be had, or nothing is ordered. */
  @Endpoint()
  place({ lines }: NewOrder, ctx: RequestContext): Order {
    return this.database.transaction(() => {
      const total = lines.reduce((sum, line) => sum + this.take(line), 0);
      const customer = userOf(ctx).name;
      const id = this.database.run(`INSERT INTO orders (customer, total, status) VALUES (?, ?, 'placed')`, [
        customer,
        total,
      ]);
      for (const { sku, quantity } of lines)
        this.database.run('INSERT INTO lines VALUES (?, ?, ?)', [id, sku, quantity]);
      return { id, customer, total, status: 'placed' };
    });
  }

  @Endpoint({ subject: '{id}.get', idempotent: true })
  get(_payload: undefined, ctx: RequestContext): Order {
    const [order] = this.database.all<Order>('SELECT * FROM orders WHERE id = ? AND customer = ?', [
      ctx.params.id ?? '',
      userOf(ctx).name,
    ]);
    if (order === undefined) throw new ServiceError(404, `no order ${ctx.params.id}`);
    return order;
  }

  /** Asks a slow carrier; who does not want to wait gets 504, and the carrier is not asked any longer. */
  @Endpoint({ timeout: 200 })
  async track(_payload: undefined, { signal }: RequestContext): Promise<string> {
    await delay(60_000, undefined, { signal });
    return 'delivered';
  }

  /** `nats micro stats orders` shows what it returns, for each endpoint. */
  @StatsHandler()
  stats({ name }: EndpointStats) {
    if (name !== 'place') return undefined;
    return this.database.all<{ orders: number; turnover: number }>(
      'SELECT count(*) AS orders, coalesce(sum(total), 0) AS turnover FROM orders',
    )[0];
  }

  onStop(): void {
    this.database.close();
  }

  /** Takes a line's goods from the stock, and gives their price. */
  private take({ sku, quantity }: Line): number {
    const [product] = this.database.all<Product>('SELECT * FROM products WHERE sku = ?', [sku]);
    if (product === undefined) throw new ServiceError(404, `no product "${sku}"`);
    if (product.stock < quantity)
      throw new ServiceError(409, `only ${product.stock} of "${sku}" left`, { data: { sku, stock: product.stock } });
    this.database.run('UPDATE products SET stock = stock - ? WHERE sku = ?', [quantity, sku]);
    return product.price * quantity;
  }
}
