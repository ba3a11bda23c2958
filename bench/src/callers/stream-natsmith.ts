import { ServiceClient } from '@natsmith/client';
import { url } from '../services/process';
import { caller } from './process';

interface Bench {
  items(payload: { n: number }): AsyncIterable<{ n: number }>;
}

async function main(): Promise<void> {
  const client = await ServiceClient.connect({ connection: { servers: url } });
  const bench = await client.service<Bench>('bench');
  caller(async () => {
    let items = 0;
    for await (const { n } of bench.items({ n: 100_000 })) if (n !== items++) throw new Error('out of order');
    return items;
  });
}

void main();
