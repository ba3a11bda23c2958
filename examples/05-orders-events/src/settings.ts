// What may be changed while the shop is open.
import { bucket, key } from '@natsmith/jetstream';
import { IsInt, Min } from 'class-validator';

export class Limit {
  @IsInt() @Min(1) most!: number;
}

// #region settings
export const LimitOf = key('limits.{article}', Limit, { description: 'How many of an article one order may have' });
export const Settings = bucket('shop-settings', { keys: [LimitOf], history: 5 });
// #endregion settings
