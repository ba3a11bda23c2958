// What publisher and subscribers share. No decorators of services, so that anybody can import it.
import { event } from '@natsmith/core';
import { IsInt, IsString, Min } from 'class-validator';

export class Order {
  @IsString() article!: string;
  @IsInt() @Min(1) quantity!: number;
}

export const OrderPlaced = event('orders.{id}.placed', Order, { description: 'An order was taken' });
