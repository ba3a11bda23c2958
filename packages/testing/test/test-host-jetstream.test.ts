import { Group, Service, Subscribe } from '@natsmith/core';
import { Consume, eventStream, Retry, Schedule, type ConsumerContext, type ScheduleContext } from '@natsmith/jetstream';
import { event } from '@natsmith/protocol';
import { IsInt } from 'class-validator';
import { ServiceClient } from '@natsmith/client';
import { TestHost } from '../src/index';

class Order {
  @IsInt() total!: number;
}
const OrderPlaced = event('orders.{id}.placed', Order);
const OrderPaid = event('orders.{id}.paid', Order);
const Orders = eventStream('ORDERS', { events: [OrderPlaced] });

@Group('stock')
class Stock {
  counted = 0;

  @Consume(Orders, OrderPlaced, { retry: { attempts: 1 } }) reserve(_: Order): void {}

  @Schedule('0 0 1 1 *') count(): void {
    this.counted++;
  }
}

@Service({ name: 'shop', version: '1.0.0', groups: [Stock] })
class Shop {
  readonly attempts: number[] = [];
  reports = 0;
  paid = 0;
  client: ServiceClient | undefined;

  @Consume(Orders, OrderPlaced, { retry: { attempts: 4, delays: ['1h', '2h', '4h'] } })
  async charge(order: Order, ctx: ConsumerContext<typeof OrderPlaced>): Promise<void> {
    this.attempts.push(ctx.attempt);
    await this.client?.publish(OrderPaid, order, { params: { id: ctx.params.id } });
  }

  @Subscribe(OrderPaid) note(_: Order): void {
    this.paid++;
  }

  @Schedule('0 5 * * *') report(_: undefined, ctx: ScheduleContext): void {
    this.reports += ctx.trigger === 'manual' ? 100 : 1;
  }
}

describe('a test host', () => {
  let host: TestHost;
  let shop: Shop;
  beforeEach(async () => {
    host = await TestHost.create(Shop);
    shop = host.get(Shop);
    shop.client = new ServiceClient(host.connection);
  });
  afterEach(async () => {
    await shop.client?.close();
    await host.stop();
  });
  const place = () => host.publish(OrderPlaced, { total: 5 }, { params: { id: 'o-1' } });

  it('shows what was published, typed, when all is done', async () => {
    await place();
    await host.idle();
    const [paid, ...more] = await host.published(OrderPaid);
    expect(more).toEqual([]);
    expect(paid?.payload).toBeInstanceOf(Order);
    expect(paid).toMatchObject({ subject: 'orders.o-1.paid', params: { id: 'o-1' }, payload: { total: 5 } });
    expect(shop.paid).toBe(1);
  });

  it('tries retries that are hours away without waiting', async () => {
    host.fail(Shop, 'charge', new Error('bank is closed'), 2);
    await place();
    await host.idle();
    expect(shop.attempts).toEqual([]);
    await host.advance('59m');
    await host.advance('1m');
    expect(shop.attempts).toEqual([]);
    await host.advance('2h');
    expect(shop.attempts).toEqual([3]);
    expect(await host.published(OrderPaid)).toHaveLength(1);
  });

  it('shows what was buried', async () => {
    host.fail(Shop, 'charge', new Error('bank is gone'), 4);
    await place();
    await host.advance('8h');
    const [letter, ...more] = await host.deadLetters(Shop, 'charge');
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ stream: 'ORDERS', subject: 'orders.o-1.placed', attempts: 4, code: 500 });
  });

  it('runs schedules by the clock, and on request', async () => {
    await host.run(Shop, 'report');
    expect(shop.reports).toBe(100);
    await host.advance('48h');
    expect(shop.reports).toBe(102);
  });

  it('runs schedules and shows dead letters of a group', async () => {
    await host.run(Stock, 'count');
    expect(host.get(Stock).counted).toBe(1);
    host.fail(Stock, 'reserve', new Error('out of stock'));
    await place();
    await host.idle();
    expect(await host.deadLetters(Stock, 'reserve')).toMatchObject([{ consumer: 'shop-reserve', attempts: 1 }]);
    expect(await host.deadLetters(Shop, 'charge')).toEqual([]);
  });

  it('is idle while messages wait for a consumer that may not have them', async () => {
    const pause = { pause_until: new Date(Date.now() + 3_600_000).toISOString() };
    await host.connection.request('$JS.API.CONSUMER.PAUSE.ORDERS.shop-charge', JSON.stringify(pause));
    await place();
    await host.idle();
    expect(shop.attempts).toEqual([]);
    host.fail(Shop, 'report', new Retry('30h'));
    await host.advance('40h');
    expect([shop.attempts, shop.reports]).toEqual([[1], 0]);
    await host.advance('30h');
    expect(shop.reports).toBeGreaterThan(0);
  });

  it('says what it cannot do', async () => {
    await expect(host.run(Shop, 'charge')).rejects.toThrow('Shop.charge has no schedule; its kind is "consumer"');
    await expect(host.run(Shop, 'reports')).rejects.toThrow(
      'Shop.reports is not a handler of a service that runs here',
    );
    await expect(host.deadLetters(Shop, 'report')).rejects.toThrow(
      'Shop.report is not a consumer; its kind is "schedule"',
    );
    expect(() => host.fail(Shop, 'note', new Error(), 0)).toThrow(
      'times must be a whole number, 1 or more, or Infinity, got 0',
    );
    expect(() => host.fail(Shop, 'paid', new Error())).toThrow('Shop has no method "paid"');
  });
});
