import { Broker } from '@natsmith/broker';
import { ServiceClient } from '@natsmith/client';
import { NatsServiceFactory } from '@natsmith/core';
import { setTimeout as delay } from 'node:timers/promises';
import { Averages } from './averages.service';
import { Readings } from './readings.service';

process.env.LOG_LEVEL ??= 'warn';

/** Runs the example from its first stream to its last. */
async function main(): Promise<void> {
  const broker = process.env.NATS_URL ? undefined : await Broker.start();
  if (broker !== undefined) process.env.NATS_URL = broker.url;
  const host = await NatsServiceFactory.create([Readings, Averages]);
  const client = await ServiceClient.connect();
  host.get(Averages).client = client;
  try {
    await readSome(client);
    await readSlowly(client);
    await readAverages(client);
    await until(() => host.get(Readings).watchers === 0);
    console.log('\nNobody watches any more, and no sensor is read.');
  } finally {
    await client.close();
    await host.stop();
    await broker?.stop();
  }
}

async function readSome(client: ServiceClient): Promise<void> {
  console.log('Three readings, then the loop is left, and the sensor hears of it:');
  // #region read
  const readings = await client.service<Readings>('readings');
  for await (const { number, celsius } of readings.watch({ sensor: 'roof', interval: 20 })) {
    console.log(`  reading ${number}: ${celsius} °C`);
    if (number === 3) break;
  }
  // #endregion
}

async function readSlowly(client: ServiceClient): Promise<void> {
  console.log('\nA sensor that measures as fast as it can, and a reader that takes its time:');
  const readings = await client.service<Readings>('readings');
  let taken = 0;
  for await (const { number } of readings.watch({ sensor: 'cellar', interval: 0 }, { credit: 8 })) {
    taken = number;
    await delay(5);
    if (number === 40) break;
  }
  console.log(`  ${taken} readings, never more than 8 ahead of the reader, none lost`);
}

async function readAverages(client: ServiceClient): Promise<void> {
  console.log('\nA stream that a service makes of the stream of another one:');
  const averages = await client.service<Averages>('averages');
  const some: number[] = [];
  for await (const average of averages.watch({ sensor: 'roof', size: 100 })) {
    some.push(average);
    if (some.length === 5) break;
  }
  console.log(`  averages of 100 readings: ${some.join(', ')}`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

main().catch((error: Error) => {
  console.error(`The example ends: ${error.message}`);
  process.exitCode = 1;
});
