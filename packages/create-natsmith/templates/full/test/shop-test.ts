import { ServiceClient } from '@natsmith/client';
import type { NatsServiceHost } from '@natsmith/core';
import { observe } from '@natsmith/observe';
import { startServer, type TestServer } from '@natsmith/testing';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Orders } from '../src/orders/orders.group';
import { startServices } from '../src/start-services';

// Everything as in production, on a NATS broker inside this process.
describe('Shop', () => {
  let broker: TestServer;
  let client: ServiceClient;
  let host: NatsServiceHost;

  before(async () => {
    broker = await startServer('broker');
    client = await ServiceClient.connect({ connection: { servers: broker.url } });
    host = await startServices(client, { signals: false, logger: false });
  });
  after(async () => {
    await host.stop();
    await client.close();
    await broker.stop();
  });

  const order = { customer: 'Ann', lines: [{ article: 'pear', quantity: 2 }] };
  const headers = { User: 'bob' };

  it('takes an order, and its pieces from the stock', async () => {
    const shop = await client.service<Orders>('shop');
    assert.deepEqual(await shop.place(order, { headers }), { ...order, number: 1, by: 'bob' });
    assert.equal(await client.call('stock.pear.left'), 1);
  });

  it("hands on the stock's refusal", async () => {
    const shop = await client.service<Orders>('shop');
    await assert.rejects(shop.place(order, { headers }), { code: 409, description: 'sold out' });
  });

  it('takes no order from an unauthenticated caller', async () => {
    const shop = await client.service<Orders>('shop');
    await assert.rejects(shop.place(order), { code: 401 });
  });

  it('refuses an order without lines', async () => {
    const shop = await client.service<Orders>('shop');
    await assert.rejects(shop.place({ customer: 'Ann', lines: [] }, { headers }), { code: 400 });
  });

  it('streams all orders', async () => {
    const shop = await client.service<Orders>('shop');
    const customers = [];
    for await (const { customer } of shop.all()) customers.push(customer);
    assert.deepEqual(customers, ['Ann']);
  });

  it('is ready while NATS is there, and alive without it', async () => {
    const { url } = await observe(host, { port: 0 });
    const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;
    assert.equal(await status('/ready'), 200);
    await broker.stop();
    while ((await status('/ready')) !== 503) await setTimeout(10);
    assert.equal(await status('/live'), 200);
    await broker.restart();
  });
});
