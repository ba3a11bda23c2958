import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsString, Length, ValidateNested } from 'class-validator';

export class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

export class Item {
  @IsString() @Length(1, 20) sku!: string;
  @IsInt() quantity!: number;
}

export class Order {
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

/** Twenty numbers, f0 to f19. */
export class Fields {
  [field: `f${number}`]: number;
}
for (let i = 0; i < 20; i++) IsInt()(Fields.prototype, `f${i}`);

export function sumOfFields(fields: Fields): number {
  return Object.values(fields as Record<string, number>).reduce((sum, field) => sum + field, 0);
}

export function quantityOf({ items }: Order): number {
  return items.reduce((sum, item) => sum + item.quantity, 0);
}
