import 'reflect-metadata';
import { Endpoint, NatsServiceFactory, Service } from '@natsmith/core';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { IsBoolean, IsDate, IsEmail, IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';

export class Item {
  @IsString() @Transform(({ value }: { value: unknown }) => String(value).toUpperCase()) sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class Order {
  @IsOptional() @IsInt() @Exclude() price = 10;
  @IsString() @Expose({ name: 'customer_name' }) customer!: string;
  @IsDate() @Type(() => Date) due!: Date;
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

export class Account {
  @IsString() @Transform(({ value }: { value: unknown }) => String(value).toUpperCase()) name!: string;
  @IsBoolean() @Exclude() isAdmin = false;
  @IsOptional() @IsEmail() email?: string;
}

@Service({ name: 'bundled', version: '1.0.0' })
export class Bundled {
  @Endpoint() order(order: Order): object {
    return {
      ...order,
      due: order.due.getTime(),
      classes: [order instanceof Order, ...order.items.map((item) => item instanceof Item)],
    };
  }

  @Endpoint() account(account: Account): object {
    return { ...account };
  }
}

void NatsServiceFactory.create(Bundled, { logger: false }).then(
  () => process.stdout.write('ready\n'),
  (error: Error) => process.stdout.write(`refused: ${error.message}\n`),
);
