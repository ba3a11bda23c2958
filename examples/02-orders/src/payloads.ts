import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsInt,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

export class Line {
  @IsString() @Length(1, 20) sku!: string;
  @IsInt() @Min(1) @Max(100) quantity!: number;
}

export class NewOrder {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

export class Restock {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

/** Prices are in cents. */
export interface Product {
  sku: string;
  name: string;
  price: number;
  stock: number;
}

export interface Order {
  id: number;
  customer: string;
  total: number;
  status: string;
}
