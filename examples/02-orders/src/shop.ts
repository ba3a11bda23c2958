import 'reflect-metadata';
import { type FactoryOptions, NatsServiceFactory } from '@natsmith/core';
import { container } from 'tsyringe';
import { Catalog } from './catalog.service';
import { Orders } from './orders.service';

/** Starts both services; what they need comes from tsyringe. */
export function startShop(options: FactoryOptions = {}) {
  // A container of its own for each shop, so that two shops in one process share nothing.
  const shop = container.createChildContainer();
  return NatsServiceFactory.create([Catalog, Orders], {
    container: { get: (target) => shop.resolve(target as new () => never) },
    ...options,
  });
}
