import { Endpoint, Group, type RequestContext, Service, ServiceError, Use } from '@natsmith/core';
import { Lifecycle, scoped } from 'tsyringe';
import { adminsOnly, authenticate } from './authentication';
import { Database } from './database';
import { type Product, Restock } from './payloads';

/** Mounted below `catalog` and `admin`: its endpoint is `catalog.admin.stock.restock`. */
@scoped(Lifecycle.ContainerScoped)
@Group('stock')
export class Stock {
  constructor(private readonly database: Database) {}

  @Endpoint({ concurrency: 1, maxPending: 10 })
  restock({ sku, quantity }: Restock): Product {
    this.database.run('UPDATE products SET stock = stock + ? WHERE sku = ?', [quantity, sku]);
    return productNamed(this.database, sku);
  }
}

@scoped(Lifecycle.ContainerScoped)
@Group('admin', { groups: [Stock] })
@Use(authenticate, adminsOnly)
export class CatalogAdmin {}

@scoped(Lifecycle.ContainerScoped)
@Service({ name: 'catalog', version: '1.0.0', description: 'What there is to buy' })
@Group('catalog', { groups: [CatalogAdmin] })
export class Catalog {
  constructor(private readonly database: Database) {}

  @Endpoint()
  list(): Product[] {
    return this.database.all<Product>('SELECT * FROM products ORDER BY sku');
  }

  @Endpoint({ subject: '{sku}.get', idempotent: true })
  get(_payload: undefined, ctx: RequestContext): Product {
    return productNamed(this.database, ctx.params.sku ?? '');
  }
}

function productNamed(database: Database, sku: string): Product {
  const [product] = database.all<Product>('SELECT * FROM products WHERE sku = ?', [sku]);
  if (product === undefined) throw new ServiceError(404, `no product "${sku}"`);
  return product;
}
