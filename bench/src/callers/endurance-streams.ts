import { ServiceClient } from '@natsmith/client';
import { url, type Two } from '../services/process';
import { caller } from './process';

interface Endurance {
  items(payload: { n: number }): AsyncIterable<{ n: number }>;
  upload(items: Iterable<Two>): Promise<number>;
}

async function main(): Promise<void> {
  const client = await ServiceClient.connect({ connection: { servers: url } });
  const endurance = await client.service<Endurance>('endurance');
  const pairs = Array.from({ length: 50 }, () => ({ a: 1, b: 1 }));
  caller(async () => {
    let items = 0;
    for await (const { n } of endurance.items({ n: 100 })) if (n !== items++) throw new Error(`item ${n} out of order`);
    if (items !== 100) throw new Error(`${items} items instead of 100`);
    const sum = await endurance.upload(pairs);
    if (sum !== 100) throw new Error(`sum ${sum} instead of 100`);
    return items + pairs.length;
  });
}

void main();
