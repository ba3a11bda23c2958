import 'reflect-metadata';
import { ServiceClient } from '@natsmith/client';
import { NatsServiceFactory, type FactoryOptions, type NatsServiceHost } from '@natsmith/core';
import { container } from 'tsyringe';
import { measure } from './middleware/measure';
import { Shop } from './shop.service';
import { Stock } from './stock/stock.service';

/** Starts the services on the client's connection, made by a container of their own. */
export function startServices(
  client: ServiceClient,
  options: Pick<FactoryOptions, 'signals' | 'logger'> = {},
): Promise<NatsServiceHost> {
  const own = container.createChildContainer().registerInstance(ServiceClient, client);
  return NatsServiceFactory.create([Stock, Shop], {
    ...options,
    connection: client.connection,
    container: { get: (target) => own.resolve(target) },
    use: [measure],
  });
}
