import { Type } from 'class-transformer';
import { ArrayNotEmpty, ArrayUnique, IsString, Length, ValidateNested } from 'class-validator';
import { Pieces } from '../stock/pieces';

/** What a customer wants: each article once. */
export class Order {
  @IsString()
  @Length(1, 100)
  customer!: string;

  @ArrayNotEmpty()
  @ArrayUnique((line: Pieces) => line.article)
  @ValidateNested({ each: true })
  @Type(() => Pieces)
  lines!: Pieces[];
}

/** An order that was taken. */
export interface PlacedOrder extends Order {
  number: number;
  by: string;
}
