import { ServiceClient } from '@natsmith/client';
import { url, type Two } from '../services/process';
import { caller } from './process';

interface Bench {
  add(payload: Two): number;
}

async function main(): Promise<void> {
  const client = await ServiceClient.connect({ connection: { servers: url } });
  const bench = await client.service<Bench>('bench');
  caller(async () => {
    if ((await bench.add({ a: 17, b: 25 })) !== 42) throw new Error('wrong reply');
    return 1;
  });
}

void main();
