import { Broker } from '@natsmith/broker';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tour } from './tour';

process.env.LOG_LEVEL ??= 'silent';

async function main(): Promise<void> {
  // Without NATS_URL, a broker in this process does; it forgets its streams at its end.
  const broker = process.env.NATS_URL ? undefined : await Broker.start();
  const folder = mkdtempSync(join(tmpdir(), 'natsmith-orders-'));
  try {
    await tour(broker?.url ?? process.env.NATS_URL ?? '', join(folder, 'orders.db'));
  } finally {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
