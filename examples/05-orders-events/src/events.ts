// What publisher and consumers share.
import { event } from '@natsmith/core';
import { eventStream } from '@natsmith/jetstream';
import { IsInt, IsString, Min } from 'class-validator';

export class Order {
  @IsString() article!: string;
  @IsInt() @Min(1) quantity!: number;
}

// #region stream
export const OrderPlaced = event('orders.{id}.placed', Order, { description: 'An order was taken' });
export const Orders = eventStream('ORDERS', { events: [OrderPlaced], maxAge: '7d' });
// #endregion stream
