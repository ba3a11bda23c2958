import { Endpoint, Service } from '@natsmith/core';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsString, Length, ValidateNested } from 'class-validator';
import { subject } from './process';

class Operands {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

@Service({ name: 'bench', version: '1.0.0' })
class Validated {
  @Endpoint({ subject }) add({ a, b }: Operands): number {
    return a + b;
  }
}

class Item {
  @IsString() @Length(1, 20) sku!: string;
  @IsInt() quantity!: number;
}

class Order {
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

@Service({ name: 'bench', version: '1.0.0' })
class Nested {
  @Endpoint({ subject }) total({ items }: Order): number {
    return items.reduce((sum, item) => sum + item.quantity, 0);
  }
}

export const classes: Record<string, new () => object> = { validated: Validated, nested: Nested };
