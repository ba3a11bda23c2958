import { ServiceClient, ServiceError, type Connection } from '@natsmith/client';
import type { Catalog, Stock } from './catalog.service';
import type { Orders } from './orders.service';

const ANN = { headers: { Authorization: 'token-of-ann' } };
const EVE = { headers: { Authorization: 'token-of-eve' } };

/** Makes some calls, as another process would, and prints what comes back. */
export async function tour(connection: Connection): Promise<void> {
  const client = new ServiceClient(connection);
  const catalog = await client.service<Catalog>('catalog');
  const stock = await client.service<Stock>('catalog');
  const orders = await client.service<Orders>('orders', { version: '^1.0.0' });

  await show('what there is', catalog.list());
  await show(
    'an order',
    orders.place(
      {
        lines: [
          { sku: 'tea', quantity: 2 },
          { sku: 'cup', quantity: 1 },
        ],
      },
      ANN,
    ),
  );
  await show('the same order again', orders.get(undefined, { ...ANN, params: { id: '1' } }));
  await show('an order without a token', orders.place({ lines: [{ sku: 'tea', quantity: 1 }] }));
  await show('an order that makes no sense', orders.place({ lines: [{ sku: 'tea', quantity: 0 }] }, ANN));
  await show('more than there is', orders.place({ lines: [{ sku: 'cup', quantity: 5 }] }, ANN));
  await show('new cups, by an administrator', stock.restock({ sku: 'cup', quantity: 10 }, EVE));
  await show('new cups, by somebody else', stock.restock({ sku: 'cup', quantity: 10 }, ANN));
  await show('a carrier that takes too long', orders.track(undefined, ANN));
  const [stats] = await client.stats('orders');
  await show('what STATS says of orders.place', stats?.endpoints.find(({ name }) => name === 'place')?.data);
  await client.close();
}

async function show(what: string, reply: unknown): Promise<void> {
  try {
    console.log(`${what}:`, await reply);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    console.log(`${what}: error ${error.code}, ${error.description}`, error.data ?? '');
  }
}
