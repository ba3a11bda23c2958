import { connect, Endpoint, Group, Service, type OnStart, type OnStop } from '@natsmith/core';
import { ServiceClient } from '@natsmith/client';
import { Inject, Injectable, Module, type DynamicModule, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as delay } from 'node:timers/promises';
import { onEachServer } from '#test/matrix';
import { NatsmithModule, NatsmithServices, type NatsmithModuleOptions } from '../src';

const steps: string[] = [];

@Injectable()
class Prices implements OnModuleDestroy {
  isOpen = true;
  of(sku: string): number {
    if (!this.isOpen) throw new Error('the prices are closed');
    return sku.length;
  }
  onModuleDestroy(): void {
    this.isOpen = false;
    steps.push('prices closed');
  }
}

@Injectable()
@Group('stock')
class Stock {
  constructor(@Inject(Prices) private readonly prices: Prices) {}
  @Endpoint({ request: String }) price(sku: string): number {
    return this.prices.of(sku);
  }
}

@Injectable()
@Service({ name: 'shop', version: '1.0.0', groups: [Stock] })
class Shop implements OnStart, OnStop {
  constructor(@Inject(Prices) private readonly prices: Prices) {}
  onStart(): void {
    steps.push('shop starts');
  }
  onStop(): void {
    steps.push('shop stops');
  }
  @Endpoint({ request: String }) async slow(sku: string): Promise<number> {
    steps.push('request begins');
    await delay(50);
    return this.prices.of(sku);
  }
}

onEachServer((server) => {
  const apps: { close(): Promise<void> }[] = [];
  const clients: ServiceClient[] = [];
  beforeEach(() => void (steps.length = 0));
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  @Module({ providers: [Prices], exports: [Prices] })
  class PricesModule {}

  function shop(natsmith: DynamicModule, providers: Provider[] = [Shop, Stock]): DynamicModule {
    class ShopModule {}
    return { module: ShopModule, imports: [PricesModule, natsmith], providers };
  }
  const options = (): NatsmithModuleOptions => ({ services: [Shop], connection: { servers: server.url } });

  async function run(module: DynamicModule): Promise<Awaited<ReturnType<typeof NestFactory.createApplicationContext>>> {
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    apps.push(app);
    return app;
  }
  async function client(): Promise<ServiceClient> {
    const made = await ServiceClient.connect({ connection: { servers: server.url } });
    clients.push(made);
    return made;
  }

  test('services are providers of the application, with what they inject, and groups are, too', async () => {
    const app = await run(shop(NatsmithModule.forRoot(options())));
    expect(await (await client()).call('stock.price', 'tea')).toBe(3);
    expect(app.get(NatsmithServices).host.get(Shop)).toBe(app.get(Shop, { strict: false }));
    expect(app.get(NatsmithServices).host.status).toBe('running');
  });

  test('options come from other providers by forRootAsync', async () => {
    @Module({ providers: [{ provide: 'NATS', useValue: server.url }], exports: ['NATS'] })
    class ConfigModule {}
    await run(
      shop(
        NatsmithModule.forRootAsync({
          imports: [ConfigModule],
          inject: ['NATS'],
          useFactory: (servers: string) => ({ services: [Shop], connection: { servers } }),
        }),
      ),
    );
    expect(await (await client()).ping('shop')).toHaveLength(1);
  });

  test('closing the application finishes what runs, before what the services use is closed', async () => {
    const app = await run(shop(NatsmithModule.forRoot(options())));
    const reply = (await client()).call('slow', 'coffee');
    while (!steps.includes('request begins')) await delay(1);
    await app.close();
    expect(await reply).toBe(6);
    expect(steps).toEqual(['shop starts', 'request begins', 'shop stops', 'prices closed']);
    expect(await (await client()).ping('shop')).toEqual([]);
  });

  test('a live connection stays open', async () => {
    const connection = await connect({ servers: server.url });
    const app = await run(shop(NatsmithModule.forRoot({ ...options(), connection })));
    await app.close();
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });

  test('a service that is not a provider is named when the application starts', async () => {
    await expect(run(shop(NatsmithModule.forRoot(options()), [Shop]))).rejects.toThrow(
      'Nest has no Stock: add it to the "providers" of a module',
    );
  });

  test('mistakes in a class are reported when the application starts', async () => {
    @Injectable()
    @Service({ name: 'bad name', version: '1' })
    class Bad {}
    await expect(run(shop(NatsmithModule.forRoot({ ...options(), services: [Bad] }), [Bad]))).rejects.toMatchObject({
      name: 'DefinitionError',
    });
  });

  test('there is no host before the application has bootstrapped', () => {
    const services = new NatsmithServices(options(), undefined as never);
    expect(() => services.host).toThrow('await app.init()');
  });
});
