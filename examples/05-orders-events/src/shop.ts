// The shop alone: node dist/shop.js orders.db
import { openShop } from './open-shop';

process.env.LOG_LEVEL ??= 'warn';

const [, , file = 'orders.db'] = process.argv;

openShop(file, process.env.NATS_URL ?? 'nats://127.0.0.1:4222').then(
  (host) => {
    process.once('SIGTERM', () => void host.stop());
    console.log('open');
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
