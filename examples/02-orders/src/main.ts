import { Broker } from '@natsmith/broker';
import { parseArgs } from 'node:util';
import { startShop } from './shop';
import { tour } from './tour';

process.env.LOG_LEVEL ??= 'warn';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean' } } });
  // Without NATS_URL, a broker in this process does.
  const broker = process.env.NATS_URL ? undefined : await Broker.start();
  if (broker !== undefined) process.env.NATS_URL = broker.url;
  try {
    const shop = await startShop();
    try {
      await tour(shop.connection);
      if (values.once) return;
      console.log(`\nThe shop is open on nats://${shop.connection.getServer()}; Ctrl-C closes it. Try:\n`);
      console.log(`  npx natsmith -s ${process.env.NATS_URL} call catalog list`);
      console.log(`  nats -s ${process.env.NATS_URL} req catalog.list ''`);
      console.log(`  nats -s ${process.env.NATS_URL} micro stats orders`);
      await shop.stopped;
    } finally {
      await shop.stop();
    }
  } finally {
    await broker?.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
