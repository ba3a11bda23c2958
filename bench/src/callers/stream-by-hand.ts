import { connect, createInbox, JSONCodec } from 'nats';
import { subject, url } from '../services/process';
import { caller } from './process';

const codec = JSONCodec<{ n: number }>();

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  caller(
    () =>
      new Promise((resolve) => {
        const inbox = createInbox();
        let items = 0;
        const subscription = connection.subscribe(inbox, {
          callback(_error, message) {
            if (message.data.length === 0) {
              subscription.unsubscribe();
              return resolve(items);
            }
            if (codec.decode(message.data).n !== items++) throw new Error('out of order');
          },
        });
        connection.publish(subject, codec.encode({ n: 100_000 }), { reply: inbox });
      }),
  );
}

void main();
