import { ServiceClient } from '@natsmith/client';
import { Endpoint, NatsServiceFactory, Service, ServiceError } from '@natsmith/core';
import { Exclude, Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';

export class Item {
  @IsString() @Transform(({ value }: { value: unknown }) => String(value).toUpperCase()) sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class Order {
  @IsString() customer!: string;
  @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
  @IsOptional() @IsInt() @Exclude() price?: number = 10;
}

export class Range {
  @IsInt() @Max(100) to!: number;
}

@Service({ name: 'shop', version: '1.0.0' })
export class Shop {
  @Endpoint()
  order(order: Order): object {
    const isOrder = order instanceof Order && order.items[0] instanceof Item;
    return { price: order.price, skus: order.items.map(({ sku }) => sku), isOrder };
  }

  @Endpoint()
  async *count({ to }: Range): AsyncIterable<number> {
    for (let n = 1; n <= to; n++) yield n;
  }
}

/** A validated payload, a transform, an excluded field and a stream, by typed calls. */
export async function scenario(): Promise<object> {
  const host = await NatsServiceFactory.create(Shop, { logger: false, signals: false });
  const client = await ServiceClient.connect();
  try {
    const shop = await client.service<Shop>('shop', { version: '^1.0.0' });
    const item = { sku: 'a', quantity: 2 };
    const receipt = await shop.order({ customer: 'Ann', items: [item], price: 1 });
    const refused: unknown = await shop
      .order({ customer: 'Ann', items: [{ ...item, quantity: 0 }] })
      .catch((error: unknown) => error);
    const counted: number[] = [];
    for await (const n of shop.count({ to: 3 })) counted.push(n);
    const { code, data } = refused as ServiceError;
    return { receipt, refused: { code, path: (data as { path: string }[])[0]?.path }, counted };
  } finally {
    await client.close();
    await host.stop();
  }
}
