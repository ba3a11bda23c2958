import { Broker } from '@natsmith/broker';
import { tour } from './tour';

process.env.LOG_LEVEL ??= 'warn';

async function main(): Promise<void> {
  // Without NATS_URL, a broker in this process does.
  const broker = process.env.NATS_URL ? undefined : await Broker.start();
  try {
    await tour(broker === undefined ? {} : { connection: { servers: broker.url } });
  } finally {
    await broker?.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
