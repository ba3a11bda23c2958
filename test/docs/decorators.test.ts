import { Endpoint, Group, type RequestContext, Service, ServiceError, StatsHandler, Use } from '@natsmith/core';
import type { EndpointStats, Middleware } from '@natsmith/core';
import { TestHost } from '@natsmith/testing';
import { Type } from 'class-transformer';
import { IsInt, IsPositive, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';

// #region payload
class Line {
  @IsString() article!: string;
  @IsInt() @IsPositive() quantity!: number;
}

class Order {
  @IsString() customer!: string;
  @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}
// #endregion

// #region middleware
const onlyKnown: Middleware = async (ctx, next) => {
  const user = ctx.headers.get('User');
  if (user === undefined) throw new ServiceError(401, 'who are you?');
  ctx.state.set('user', user);
  return await next();
};
// #endregion

// #region group
@Group('stock')
class Stock {
  @Endpoint({ subject: '{article}.count' })
  count(_: undefined, ctx: RequestContext): string {
    return `no ${ctx.params.article} left`;
  }
}
// #endregion

// #region service
@Service({ name: 'shop', version: '1.0.0', description: 'Sells things', groups: [Stock] })
@Group('shop')
class Shop {
  private placed = 0;

  // Subject shop.place; the payload is an Order, checked.
  @Endpoint({ timeout: 2000, concurrency: 8, maxPending: 100 })
  @Use(onlyKnown)
  place(order: Order, ctx: RequestContext): { number: number; for: unknown } {
    return { number: (this.placed += order.lines.length), for: ctx.state.get('user') };
  }

  // Subject shop.lines; an array, whose items' class must be named.
  @Endpoint({ request: [Line] })
  lines(lines: Line[]): number {
    return lines.length;
  }

  // Subject shop.greet; any Standard Schema, here one of zod.
  @Endpoint({ request: z.object({ name: z.string() }) })
  greet({ name }: { name: string }): string {
    return `hello ${name}`;
  }

  // Subject shop.*.cancel, and the token in the middle is params.id. Every instance answers.
  @Endpoint({ name: 'cancel', subject: '{id}.cancel', queueGroup: false, idempotent: true })
  cancelOrder(_: undefined, ctx: RequestContext): string {
    return `cancelled ${ctx.params.id}`;
  }

  @StatsHandler()
  data(endpoint: EndpointStats): unknown {
    return endpoint.name === 'place' ? { placed: this.placed } : undefined;
  }
}
// #endregion

// #region inherited
@Service({ name: 'corner-shop', version: '1.0.0' })
class CornerShop extends Shop {
  override greet({ name }: { name: string }): string {
    return `oh, ${name} again`;
  }
}
// #endregion

describe('the examples of docs/reference/decorators.md', () => {
  let host: TestHost;
  beforeAll(async () => (host = await TestHost.create(Shop)));
  afterAll(() => host.stop());

  it('takes a validated order of an authenticated caller', async () => {
    const order = { customer: 'Ann', lines: [{ article: 'pen', quantity: 2 }] };
    expect(await host.request('shop.place', order, { headers: { User: 'Ann' } })).toEqual({ number: 1, for: 'Ann' });
    await expect(host.request('shop.place', order)).rejects.toMatchObject({ code: 401 });
    const wrong = { customer: 'Ann', lines: [{ article: 'pen', quantity: -2 }] };
    await expect(host.request('shop.place', wrong, { headers: { User: 'Ann' } })).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'lines[0].quantity' }],
    });
  });

  it('take arrays, Standard Schemas and named tokens', async () => {
    expect(await host.request('shop.lines', [{ article: 'pen', quantity: 1 }])).toBe(1);
    expect(await host.request('shop.greet', { name: 'Ann' })).toBe('hello Ann');
    expect(await host.request('shop.o17.cancel')).toBe('cancelled o17');
    expect(await host.request('shop.stock.pen.count').catch((error: Error) => error)).toMatchObject({ code: 503 });
    expect(await host.request('stock.pen.count')).toBe('no pen left');
  });

  it('tell what they do not say by themselves in INFO, and the data of the stats handler in STATS', async () => {
    const [shop] = host.host.services;
    const cancel = shop?.info().endpoints.find(({ name }) => name === 'cancel');
    expect(cancel).toMatchObject({
      subject: 'shop.*.cancel',
      queue_group: '',
      metadata: { method: 'cancelOrder', subject_template: 'shop.{id}.cancel', idempotent: 'true' },
    });
    expect((await shop?.stats())?.endpoints[0]?.data).toEqual({ placed: 1 });
  });

  it('are inherited, and may be overridden', async () => {
    await using corner = await TestHost.create(CornerShop);
    expect(await corner.request('shop.greet', { name: 'Ann' })).toBe('oh, Ann again');
    expect(await corner.request('shop.o17.cancel')).toBe('cancelled o17');
  });
});
