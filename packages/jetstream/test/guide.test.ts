import { setTimeout as delay } from 'node:timers/promises';
import { event, Service, ServiceError } from '@natsmith/core';
import { IsInt, IsString } from 'class-validator';
import { type Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachJetStream } from '#test/matrix';
import { until } from '#test/until';
import {
  Consume,
  Drop,
  eventStream,
  JetStreamPublisher,
  Reject,
  Retry,
  type BatchContext,
  type ConsumerContext,
} from '../src/index';

class RateLimitError extends Error {
  readonly retryAfter = 20;
}

/** What mails were sent, what was indexed, and what accounts hold. */
const sent: string[] = [];
const indexed: number[] = [];
const balances = new Map<string, number[]>();

const provider = {
  send(order: Order): Promise<void> {
    if (order.article === 'busy' && !sent.includes('busy')) {
      sent.push('busy');
      throw new RateLimitError();
    }
    if (order.article === 'unknown') throw new ServiceError(404, 'no such article');
    sent.push(order.article);
    return Promise.resolve();
  },
};

class Order {
  @IsString() article!: string;
  @IsInt() quantity!: number;
}

class Amount {
  @IsInt() cents!: number;
}

// #region contract
const OrderPlaced = event('guide.orders.{id}.placed', Order);
const Booked = event('guide.accounts.{account}.booked', Amount);
const Shop = eventStream('GUIDE', { events: [OrderPlaced, Booked], maxAge: '7d' });
// #endregion

// #region consumer
@Service({ name: 'mailer', version: '1.0.0' })
class Mailer {
  @Consume(Shop, OrderPlaced, { concurrency: 16, retry: { attempts: 5, delays: ['1s', '5s', '30s'] } })
  async mail(order: Order, ctx: ConsumerContext<typeof OrderPlaced>): Promise<void> {
    if (order.quantity === 0) throw new Drop(`order ${ctx.params.id} is empty`);
    if (order.quantity < 0) throw new Reject('negative quantity', { data: { id: ctx.params.id } });
    try {
      await provider.send(order);
    } catch (error) {
      if (error instanceof RateLimitError) throw new Retry(error.retryAfter, { cause: error });
      throw error;
    }
  }
}
// #endregion

// #region batch
@Service({ name: 'search', version: '1.0.0' })
class Search {
  @Consume(Shop, OrderPlaced, { batch: { size: 200, wait: '50ms' } })
  index(orders: Order[], ctx: BatchContext<typeof OrderPlaced>): void {
    for (const [i, order] of orders.entries())
      if (order.quantity > 1_000) ctx.messages[i]?.fail(new Reject('too many'));
      else indexed.push(ctx.messages[i]?.sequence ?? 0);
  }
}
// #endregion

// #region order
@Service({ name: 'ledger', version: '1.0.0' })
class Ledger {
  // One message at a time for each account, in the order of the stream; up to 32 accounts at once.
  @Consume(Shop, Booked, { orderBy: 'account', concurrency: 32 })
  async book({ cents }: Amount, ctx: ConsumerContext<typeof Booked>): Promise<void> {
    await delay(5 * Math.random());
    balances.set(ctx.params.account, [...(balances.get(ctx.params.account) ?? []), cents]);
  }
}
// #endregion

onEachJetStream((_server, client) => {
  describe('the guide to consumers', () => {
    const hosts = useHosts();
    let connection: Connection;
    beforeEach(async () => {
      connection = await client.connect();
      sent.length = indexed.length = 0;
      balances.clear();
    });

    it('sends a mail for each order, and again later where the provider is busy', async () => {
      await hosts.start(Mailer, { connection });
      const publisher = new JetStreamPublisher(connection);
      for (const [id, article, quantity] of [
        ['m1', 'apple', 1],
        ['m2', 'pear', 0],
        ['m3', 'plum', -1],
        ['m4', 'unknown', 1],
        ['m5', 'busy', 1],
      ] as const)
        await publisher.publish(OrderPlaced, { article, quantity }, { params: { id } });
      await until(() => sent.filter((article) => article === 'busy').length === 2);
      expect(sent.filter((article) => article !== 'busy')).toEqual(['apple']);
    });

    it('indexes orders together, and buries those that cannot be', async () => {
      await hosts.start(Search, { connection });
      const publisher = new JetStreamPublisher(connection);
      const order = (id: string, quantity: number) =>
        publisher.publish(OrderPlaced, { article: 'apple', quantity }, { params: { id } });
      const [first, second, third] = [await order('b1', 1), await order('b2', 5_000), await order('b3', 2)];
      await until(() => indexed.includes(third.sequence));
      expect(indexed).toContain(first.sequence);
      expect(indexed).not.toContain(second.sequence);
    });

    it('books in order for each account', async () => {
      await hosts.start(Ledger, { connection });
      const publisher = new JetStreamPublisher(connection);
      for (let cents = 1; cents <= 10; cents++)
        for (const account of ['a', 'b', 'c']) await publisher.publish(Booked, { cents }, { params: { account } });
      await until(() => [...balances.values()].flat().length === 30);
      const inOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
      expect(Object.fromEntries(balances)).toEqual({ a: inOrder, b: inOrder, c: inOrder });
    });
  });
});
