import { ServiceClient } from '@natsmith/client';
import { Endpoint, Group, ServiceError, Use, type RequestContext } from '@natsmith/core';
import { injectable } from 'tsyringe';
import { requireUser, userOf } from '../middleware/require-user';
import type { Stock } from '../stock/stock.service';
import { Order, type PlacedOrder } from './order';

@Group('orders')
@injectable()
export class Orders {
  private readonly placed: PlacedOrder[] = [];

  constructor(private readonly client: ServiceClient) {}

  // Subject orders.place
  @Endpoint({ timeout: 5000, concurrency: 16 })
  @Use(requireUser)
  async place(order: Order, ctx: RequestContext): Promise<PlacedOrder> {
    // Another service, wherever it runs: typed by its class, found by discovery, in the time that this request has left.
    const stock = await this.client.with(ctx).service<Stock>('stock', { version: '^1.0.0' });
    try {
      await stock.take(order.lines);
    } catch (error) {
      // The caller is to know what the stock says; errors of other services that are not forwarded are a 502 to it.
      throw ServiceError.forward(error);
    }
    const placed = { ...order, number: this.placed.length + 1, by: userOf(ctx) };
    this.placed.push(placed);
    return placed;
  }

  // Subject orders.all: a stream, one message for each order, no faster than the reader reads.
  @Endpoint()
  async *all(): AsyncGenerator<PlacedOrder> {
    yield* this.placed;
  }
}
