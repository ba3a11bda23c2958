import { Service } from '@natsmith/core';
import {
  bucket,
  Consume,
  eventStream,
  key,
  KeyValueStore,
  Schedule,
  Watch,
  type ConsumerContext,
  type ScheduleContext,
  type WatchContext,
} from '@natsmith/jetstream';
import { event } from '@natsmith/protocol';
import { IsInt, IsString } from 'class-validator';
import { TestHost } from '../src/index';

class Limit {
  @IsInt() perMinute!: number;
}

// #region bucket
const LimitOf = key('limits.{name}', Limit, { description: 'Requests a minute' });
const Config = bucket('config', { keys: [LimitOf], history: 5 });
// #endregion

// #region watch
@Service({ name: 'gateway', version: '1.0.0' })
class Gateway {
  private readonly limits = new Map<string, number>();

  @Watch(Config, LimitOf)
  limit(limit: Limit | undefined, ctx: WatchContext<typeof LimitOf>): void {
    if (limit === undefined) this.limits.delete(ctx.params.name);
    else this.limits.set(ctx.params.name, limit.perMinute);
  }

  limitOf(name: string): number | undefined {
    return this.limits.get(name);
  }
}
// #endregion

const reports: string[] = [];

// #region schedule
@Service({ name: 'reporter', version: '1.0.0' })
class Reporter {
  @Schedule('0 5 * * *', { timeZone: 'Europe/Berlin' })
  nightly(_: undefined, ctx: ScheduleContext): void {
    reports.push(`the day before ${ctx.scheduledAt.toISOString()}`);
  }
}
// #endregion

class Order {
  @IsString() id!: string;
}
const OrderPlaced = event('orders.{id}.placed', Order);
const Orders = eventStream('ORDERS', { events: [OrderPlaced] });

@Service({ name: 'mailer', version: '1.0.0' })
class Mailer {
  readonly sent: string[] = [];

  @Consume(Orders, OrderPlaced, { retry: { attempts: 3, delays: ['1h', '6h'] } })
  mail({ id }: Order, ctx: ConsumerContext): void {
    this.sent.push(`${id}, attempt ${ctx.attempt}`);
  }
}

it('a gateway follows the limits in its bucket', async () => {
  await using host = await TestHost.create(Gateway);
  // #region store
  const config = new KeyValueStore(host.connection, Config);
  await config.put(LimitOf, { perMinute: 60 }, { params: { name: 'orders' } });
  const limit = await config.get(LimitOf, { params: { name: 'orders' } });
  await config.delete(LimitOf, { params: { name: 'unused' } });
  // #endregion
  expect(limit).toEqual({ perMinute: 60 });
  while (host.get(Gateway).limitOf('orders') === undefined) await host.idle();
  expect(host.get(Gateway).limitOf('orders')).toBe(60);
});

// #region advance
it('an order is mailed though the mail server is away for hours', async () => {
  await using host = await TestHost.create(Mailer);
  host.fail(Mailer, 'mail', new Error('mail server is away'), 2);

  await host.publish(OrderPlaced, { id: 'o-1' }, { params: { id: 'o-1' } });
  await host.advance('7h');

  expect(host.get(Mailer).sent).toEqual(['o-1, attempt 3']);
  expect(await host.deadLetters(Mailer, 'mail')).toEqual([]);
});
// #endregion

// #region run
it('the report is made every night, and on request', async () => {
  await using host = await TestHost.create(Reporter);
  await host.run(Reporter, 'nightly');
  await host.advance('48h');
  expect(reports).toHaveLength(3);
});
// #endregion
