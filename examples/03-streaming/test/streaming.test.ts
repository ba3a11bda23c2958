import { ServiceClient } from '@natsmith/client';
import { NatsServiceFactory, type NatsServiceHost } from '@natsmith/core';
import { startServer, type TestServer } from '@natsmith/testing';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Averages } from '../src/averages.service';
import { Readings } from '../src/readings.service';

describe('the streams', () => {
  let server: TestServer;
  let host: NatsServiceHost;
  let client: ServiceClient;

  beforeAll(async () => {
    server = await startServer('broker');
    host = await NatsServiceFactory.create([Readings, Averages], {
      connection: { servers: server.url },
      logger: false,
      signals: false,
    });
    client = await ServiceClient.connect({ connection: { servers: server.url } });
    host.get(Averages).client = client;
  });
  afterAll(async () => {
    await client.close();
    await host.stop();
    await server.stop();
  });
  const nobodyWatches = async (): Promise<void> => {
    while (host.get(Readings).watchers > 0) await delay(5);
  };

  it('come in order, and end when the loop is left', async () => {
    const readings = await client.service<Readings>('readings');
    const numbers: number[] = [];
    for await (const { number, sensor } of readings.watch({ sensor: 'roof', interval: 1 })) {
      expect(sensor).toBe('roof');
      numbers.push(number);
      if (number === 4) break;
    }
    expect(numbers).toEqual([1, 2, 3, 4]);
    await nobodyWatches();
  });

  it('go through a second service, which leaves the first when its own reader leaves', async () => {
    const averages = await client.service<Averages>('averages');
    const some: number[] = [];
    for await (const average of averages.watch({ sensor: 'roof', size: 5 })) {
      some.push(average);
      if (some.length === 3) break;
    }
    expect(some).toEqual([22, 22, 22]);
    await nobodyWatches();
  });

  it('are refused when the payload is wrong', async () => {
    const averages = await client.service<Averages>('averages');
    await expect(averages.watch({ sensor: 'roof', size: 0 })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 400,
      data: [{ path: 'size' }],
    });
  });
});

it('npm start shows them, and ends by itself', () => {
  const output = execFileSync(process.execPath, [join(__dirname, '../dist/main.js')], {
    env: { ...process.env, NATS_URL: '' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(output).toContain('reading 3: 23 °C');
  expect(output).toContain('40 readings, never more than 8 ahead of the reader, none lost');
  expect(output).toContain('averages of 100 readings: 22, 22, 22, 22, 22');
  expect(output).toContain('Nobody watches any more');
});
