import type { Class } from '@natsmith/core';
import { JetStreamPublisher, KeyValueStore } from '@natsmith/jetstream';
import { TestHost } from '@natsmith/testing';
import Database from 'libsql';
import { OrderPlaced } from '../src/events';
import { Mailer } from '../src/mailer.service';
import { type Line, Reporter } from '../src/reporter.service';
import { LimitOf, Settings } from '../src/settings';
import { Shop } from '../src/shop.service';

// #region test
describe('the shop, without a server', () => {
  let database: Database.Database;
  let host: TestHost;
  const order = (article: string, quantity: number) => host.request('order', { article, quantity });

  beforeEach(async () => {
    database = new Database(':memory:');
    host = await TestHost.create([Shop, Reporter, Mailer], {
      container: (connection) => {
        const objects = new Map<unknown, unknown>([
          [Shop, new Shop(database, new JetStreamPublisher(connection))],
          [Reporter, new Reporter(database)],
          [Mailer, new Mailer()],
        ]);
        return { get: <T extends object>(target: Class<T>) => objects.get(target) as T };
      },
    });
  });
  afterEach(async () => {
    await host.stop();
    database.close();
  });

  it('takes no order over the limit in its bucket, from the moment it changes', async () => {
    const settings = new KeyValueStore(host.connection, Settings);
    await settings.put(LimitOf, { most: 2 }, { params: { article: 'cup' } });
    while (host.get(Shop).mostOf('cup') !== 2) await host.idle();
    await expect(order('cup', 3)).rejects.toMatchObject({ code: 409, description: 'an order has at most 2 x cup' });

    await settings.delete(LimitOf, { params: { article: 'cup' } });
    while (host.get(Shop).mostOf('cup') === 2) await host.idle();
    await expect(order('cup', 3)).resolves.toEqual({ id: expect.any(String) as string });
  });

  it('reports each night what was ordered since the night before', async () => {
    await order('tea', 2);
    await order('tea', 3);
    await host.advance('26h');
    await order('pot', 1);
    await host.advance('26h');
    const report = await host.request<Line[]>('reports');
    expect(report.map(({ article, quantity }) => [article, quantity])).toEqual([
      ['tea', 5],
      ['pot', 1],
    ]);
  });

  it('makes the report again where that failed, and reports nothing twice', async () => {
    await order('tea', 2);
    host.fail(Reporter, 'nightly', new Error('disk full'));
    await host.run(Reporter, 'nightly');
    expect(await host.request('reports')).toEqual([]);
    await host.advance('1m');
    await host.run(Reporter, 'nightly');
    expect(await host.request('reports')).toMatchObject([{ article: 'tea', quantity: 2 }]);
  });

  it('mails what was ordered though the mail server is away for a while', async () => {
    host.fail(Mailer, 'mail', new Error('the mail server is away'), 2);
    await order('tea', 1);
    while ((await host.published(OrderPlaced)).length === 0) await host.idle();
    await host.advance('1s');
    expect(host.get(Mailer).sent).toHaveLength(1);
    expect(await host.deadLetters(Mailer, 'mail')).toEqual([]);
  });
});
// #endregion test
