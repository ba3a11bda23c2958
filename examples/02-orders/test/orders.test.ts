import 'reflect-metadata';
import { Broker } from '@natsmith/broker';
import { ServiceClient } from '@natsmith/client';
import { type NatsServiceHost, type RequestContext, ServiceError } from '@natsmith/core';
import { Catalog, type Stock } from '../src/catalog.service';
import { Database } from '../src/database';
import { Orders } from '../src/orders.service';
import { startShop } from '../src/shop';
import { tour } from '../src/tour';

const ANN = { headers: { Authorization: 'token-of-ann' } };
const EVE = { headers: { Authorization: 'token-of-eve' } };

describe('handlers as plain methods', () => {
  const ann = {
    state: new Map([['user', { name: 'ann', isAdmin: false }]]),
    params: { id: '1' },
  } as unknown as RequestContext;
  let database: Database;
  let orders: Orders;
  beforeEach(() => {
    database = new Database();
    orders = new Orders(database);
  });
  afterEach(() => database.close());

  it('an order takes its lines from the stock', () => {
    const lines = [
      { sku: 'tea', quantity: 2 },
      { sku: 'cup', quantity: 1 },
    ];
    expect(orders.place({ lines }, ann)).toEqual({ id: 1, customer: 'ann', total: 1700, status: 'placed' });
    expect(orders.get(undefined, ann)).toMatchObject({ id: 1, total: 1700 });
    expect(new Catalog(database).list()).toMatchObject([
      { sku: 'cup', stock: 2 },
      { sku: 'tea', stock: 18 },
    ]);
  });

  it('an order of which one line cannot be had changes nothing', () => {
    const lines = [
      { sku: 'tea', quantity: 2 },
      { sku: 'cup', quantity: 9 },
    ];
    expect(() => orders.place({ lines }, ann)).toThrow(new ServiceError(409, 'only 3 of "cup" left'));
    expect(new Catalog(database).list()).toMatchObject([
      { sku: 'cup', stock: 3 },
      { sku: 'tea', stock: 20 },
    ]);
  });
});

describe('over the wire', () => {
  // #region setup
  let broker: Broker;
  let shop: NatsServiceHost;
  let client: ServiceClient;
  beforeEach(async () => {
    broker = await Broker.start();
    shop = await startShop({ connection: { servers: broker.url }, logger: false, signals: false });
    client = await ServiceClient.connect({ connection: { servers: broker.url } });
  });
  afterEach(async () => {
    await client.close();
    await shop.stop();
    await broker.stop();
  });
  // #endregion

  it('who has no token is refused, before the payload is looked at', async () => {
    const orders = await client.service<Orders>('orders');
    await expect(orders.place({ lines: [] })).rejects.toMatchObject({ code: 401 });
    await expect(orders.place({ lines: [] }, ANN)).rejects.toMatchObject({ code: 400 });
  });

  // #region test
  it('nested items are validated', async () => {
    const orders = await client.service<Orders>('orders');
    const lines = [
      { sku: 'tea', quantity: 1 },
      { sku: 'tea', quantity: 0 },
    ];
    await expect(orders.place({ lines }, ANN)).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'lines[1].quantity', constraints: { min: 'quantity must not be less than 1' } }],
    });
  });
  // #endregion

  it('a customer sees orders of their own only', async () => {
    const orders = await client.service<Orders>('orders');
    const { id } = await orders.place({ lines: [{ sku: 'tea', quantity: 1 }] }, ANN);
    const params = { id: String(id) };
    expect(await orders.get(undefined, { ...ANN, params })).toMatchObject({ id, customer: 'ann' });
    await expect(orders.get(undefined, { ...EVE, params })).rejects.toMatchObject({ code: 404 });
  });

  it('the stock is for administrators', async () => {
    const stock = await client.service<Stock>('catalog');
    expect(await stock.restock({ sku: 'cup', quantity: 10 }, EVE)).toMatchObject({ sku: 'cup', stock: 13 });
    await expect(stock.restock({ sku: 'cup', quantity: 10 }, ANN)).rejects.toMatchObject({ code: 403 });
  });

  it('a carrier that takes too long is a 504', async () => {
    const orders = await client.service<Orders>('orders');
    await expect(orders.track(undefined, ANN)).rejects.toMatchObject({ code: 504 });
  });

  it('STATS shows the turnover', async () => {
    const orders = await client.service<Orders>('orders');
    await orders.place({ lines: [{ sku: 'tea', quantity: 2 }] }, ANN);
    const [stats] = await client.stats('orders');
    expect(stats?.endpoints.find(({ name }) => name === 'place')?.data).toEqual({ orders: 1, turnover: 900 });
  });

  it('the tour shows what it says', async () => {
    const lines: string[] = [];
    const spy = jest.spyOn(console, 'log').mockImplementation((...words) => void lines.push(words.join(' ')));
    try {
      await tour(shop.connection);
    } finally {
      spy.mockRestore();
    }
    expect(lines.filter((line) => line.includes(': error')).map((line) => /error \d+/.exec(line)?.[0])).toEqual([
      'error 401',
      'error 400',
      'error 409',
      'error 403',
      'error 504',
    ]);
    expect(lines).toHaveLength(10);
  });
});
