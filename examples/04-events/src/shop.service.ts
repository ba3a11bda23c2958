import { Endpoint, type EventPublisher, type RequestContext, Service } from '@natsmith/core';
import { Order, OrderPlaced } from './events';

// #region service
@Service({ name: 'shop', version: '1.0.0', publishes: [OrderPlaced] })
export class Shop {
  private placed = 0;

  constructor(private readonly publisher: EventPublisher) {}

  @Endpoint()
  async order(order: Order, ctx: RequestContext): Promise<{ id: string }> {
    const id = `o-${++this.placed}`;
    await this.publisher.with(ctx).publish(OrderPlaced, order, { params: { id } });
    return { id };
  }
}
// #endregion service
