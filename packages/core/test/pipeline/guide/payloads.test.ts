import 'reflect-metadata';
import { Endpoint, Service } from '@natsmith/core';
import { onEachServer } from '#test/matrix';
import { Stage } from '#test/stage';

// #region class
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';

class Item {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Order {
  @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
  @IsOptional() @IsString() note?: string;
}
// #endregion

// #region schema
import { z } from 'zod';

const Search = z.object({ words: z.string().min(1), limit: z.number().int().default(10) });
type Search = z.infer<typeof Search>;
// #endregion

// #region union
const Priority = z.enum(['low', 'high']);
type Priority = z.infer<typeof Priority>;

@Service({ name: 'tickets', version: '1.0.0' })
class Tickets {
  @Endpoint({ request: Priority }) // without it, any string would do
  count(priority: Priority) {
    return priority === 'high' ? 1 : 2;
  }

  @Endpoint() // an empty body lists ten
  list(limit: number = 10) {
    return limit;
  }
}
// #endregion

// #region endpoints
@Service({ name: 'shop', version: '1.0.0' })
class Shop {
  @Endpoint() // the parameter's type says it
  order(order: Order) {
    return { items: order.items.length };
  }

  @Endpoint({ request: [Item] }) // an array: metadata does not name its items
  stock(items: Item[]) {
    return items.length;
  }

  @Endpoint({ request: Search }) // zod, valibot, arktype: any Standard Schema
  search({ words, limit }: Search) {
    return { words, limit };
  }

  @Endpoint({ request: 'unchecked' }) // whatever JSON it is
  echo(anything: unknown) {
    return anything;
  }

  @Endpoint() // strings, numbers and booleans are checked, too
  shout(words: string) {
    return words.toUpperCase();
  }

  @Endpoint() // the body as it is
  size(file: Uint8Array) {
    return file.length;
  }
}
// #endregion

onEachServer((server) => {
  it('the payloads of the guide are what the guide says', async () => {
    await using stage = await Stage.start(server, [Shop, Tickets]);
    const order = { items: [{ sku: 'a', quantity: 1 }] };
    expect((await stage.call('order', order)).value).toEqual({ items: 1 });
    expect((await stage.call('order', { items: [{ sku: 'a', quantity: 0 }] })).value).toEqual([
      { path: 'items[0].quantity', constraints: { min: 'quantity must not be less than 1' } },
    ]);
    expect((await stage.call('stock', order.items)).value).toBe(1);
    expect((await stage.call('search', { words: 'tea' })).value).toEqual({ words: 'tea', limit: 10 });
    expect((await stage.call('echo', { a: [1] })).value).toEqual({ a: [1] });
    expect((await stage.call('shout', '"tea"')).value).toBe('TEA');
    expect((await stage.call('size', Buffer.alloc(7))).value).toBe(7);
    expect((await stage.call('count', '"high"')).value).toBe(1);
    expect((await stage.call('count', '"middling"')).code).toBe(400);
    expect((await stage.call('list')).value).toBe(10);
    expect((await stage.call('list', 3)).value).toBe(3);
  });
});
