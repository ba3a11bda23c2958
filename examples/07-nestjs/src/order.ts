import { nestEvent } from '@natsmith/nestjs/bridge';
import { IsInt, IsString, Min } from 'class-validator';

export class Order {
  @IsString() customer!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class Placed {
  @IsString() customer!: string;
  @IsInt() number!: number;
}

// #region event
/** Published by the service that has been moved; handled by Nest's `@EventPattern`, and by `@Subscribe`. */
export const OrderPlaced = nestEvent('orders.placed', Placed);
// #endregion
