import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import type { Placed } from './order';

/** Still a controller of Nest, and as it was before. */
// #region controller
@Controller()
export class Customers {
  private readonly names = new Map([['c1', 'Ann']]);

  @MessagePattern({ cmd: 'find-customer' })
  find(@Payload() id: string): { name: string } {
    const name = this.names.get(id);
    if (name === undefined) throw new RpcException({ statusCode: 404, message: 'no such customer' });
    return { name };
  }

  @EventPattern('orders.placed')
  placed(@Payload() { customer, number }: Placed): void {
    console.log(`mail to ${customer}: your order ${number} has been placed`);
  }
}
// #endregion
