import { ServiceClient } from '@natsmith/client';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { from, type Observable } from 'rxjs';
import { onEachServer } from '#test/matrix';
import { NestClient } from '../src/bridge';

@Controller()
class Stock {
  @MessagePattern('stock.count') count(@Payload() sku: string): number {
    return sku.length;
  }
  @MessagePattern({ cmd: 'list' }) list(): Observable<string> {
    return from(['tea', 'cup']);
  }
}

@Module({ controllers: [Stock] })
class StockModule {}

onEachServer((server) => {
  let nest: INestMicroservice;
  beforeAll(async () => {
    nest = await NestFactory.createMicroservice<MicroserviceOptions>(StockModule, {
      transport: Transport.NATS,
      // The server may stop before it is closed, and what is still connecting keeps the process.
      options: { servers: server.url, reconnect: false },
      logger: false,
    });
    await nest.listen();
    await nest.unwrap<{ flush(): Promise<void> }>().flush();
  });
  afterAll(() => nest?.close());

  test('the calls of the guide', async () => {
    await using client = await ServiceClient.connect({ connection: { servers: server.url } });
    const listed: string[] = [];
    // #region calls
    const nest = new NestClient(client); // in a handler: client.with(ctx)

    const count = await nest.send<number>('stock.count', 'tea', { timeout: '2s' });
    for await (const sku of nest.stream<string>({ cmd: 'list' })) listed.push(sku);
    await nest.emit('stock.changed', { sku: 'tea' });
    // #endregion
    expect({ count, listed }).toEqual({ count: 3, listed: ['tea', 'cup'] });
  });
});
