import { ServiceClient } from '@natsmith/client';
import { Endpoint, only, Service, ServiceError } from '@natsmith/core';
import { IsNumber } from 'class-validator';
import type { Connection } from '#test/connection';
import { useHosts } from '#test/hosts';
import { onEachServerAndClient } from '#test/matrix';
import { NestClient, NestEndpoint } from '../src/bridge';

class Amount {
  @IsNumber() amount!: number;
}

const busy = only('endpoint', (ctx, next) => {
  if (ctx.endpoint.name === 'busy') throw new ServiceError(503, 'too many requests');
  return next();
});

@Service({ name: 'stock', version: '1.0.0' })
class Stock {
  @NestEndpoint('stock.busy') busy(): void {}

  @Endpoint({ subject: 'stock.take' }) take(_: Amount): void {}

  @Endpoint({ subject: 'stock.out' })
  out(): never {
    throw new ServiceError(409, 'sold out', { data: { response: 1 } });
  }

  @NestEndpoint('stock.late')
  async *late(): AsyncGenerator<number> {
    yield 1;
    throw new ServiceError(410, 'that was all');
  }
}

onEachServerAndClient((_, library) => {
  const { start } = useHosts();
  let connection: Connection;
  let client: NestClient;

  beforeEach(async () => {
    connection = await library.connect();
    client = new NestClient(new ServiceClient(connection));
  });

  async function valuesOf(pattern: string): Promise<unknown[]> {
    const values: unknown[] = [];
    for await (const value of client.stream(pattern, {})) values.push(value);
    return values;
  }

  test('an error in the headers of a reply ends a stream, whatever its body', async () => {
    await start(Stock, { connection, use: [busy] });
    await expect(valuesOf('stock.busy')).rejects.toMatchObject({ code: 503, description: 'too many requests' });
    await expect(valuesOf('stock.take')).rejects.toMatchObject({ code: 400, description: 'validation failed' });
    await expect(valuesOf('stock.late')).rejects.toMatchObject({ code: 410, description: 'that was all' });
    await expect(valuesOf('stock.out')).rejects.toMatchObject({ code: 409, data: { response: 1 } });
  });

  test('an error keeps its code and data, where they only look like a reply of Nest', async () => {
    await start(Stock, { connection });
    await expect(client.send('stock.out')).rejects.toMatchObject({
      code: 409,
      description: 'sold out',
      data: { response: 1 },
    });
  });

  test('a stream of more values than are read ends with an error', async () => {
    connection.subscribe('flood', {
      callback: (_error, { reply }) => {
        for (let i = 0; i <= 100_000; i++) connection.publish(reply ?? '', Buffer.from('{"response":1}'));
      },
    });
    await connection.flush();
    await expect(valuesOf('flood')).rejects.toThrow('more than 100000 replies on flood are not read');
  });

  test.each<[string, (data: unknown) => Promise<unknown>]>([
    ['send', (data) => client.send('stock.take', data)],
    ['stream', (data) => client.stream('stock.take', data).next()],
    ['emit', (data) => client.emit('stock.taken', data)],
  ])('%s refuses what JSON would make an empty object of', async (_name, send) => {
    for (const data of [new Map([['a', 1]]), new Set([1]), Promise.resolve(1)])
      await expect(send({ data })).rejects.toThrow('which has no JSON form');
  });
});
