import { ServiceClient } from '@natsmith/client';
import { Service, ServiceError, type RequestContext } from '@natsmith/core';
import { NestClient, NestEndpoint } from '@natsmith/nestjs';
import { Injectable } from '@nestjs/common';
import { Order, OrderPlaced, Placed } from './order';

// #region service
@Injectable()
@Service({ name: 'orders', version: '1.0.0', publishes: [OrderPlaced] })
export class Orders {
  private number = 0;

  constructor(private readonly client: ServiceClient) {}

  // Was @MessagePattern({ cmd: 'place-order' }); callers of Nest notice nothing.
  @NestEndpoint({ cmd: 'place-order' }, { response: Placed })
  async place({ customer: id }: Order, ctx: RequestContext): Promise<Placed> {
    const client = this.client.with(ctx);
    const customers = new NestClient(client);
    const customer = await customers.send<{ name: string }>({ cmd: 'find-customer' }, id).catch((error: unknown) => {
      if (error instanceof ServiceError && error.code === 404) throw new ServiceError(422, error.description);
      throw error;
    });
    const placed = { customer: customer.name, number: ++this.number };
    await client.publish(OrderPlaced, placed);
    return placed;
  }
}
// #endregion
