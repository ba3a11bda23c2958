import { connect } from '@nats-io/transport-node';
import { ready, subject, url, type Two } from './process';

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  connection.subscribe(subject, {
    queue: 'q',
    callback: (_error, message) => {
      const { a, b } = message.json<Two>();
      message.respond(JSON.stringify(a + b));
    },
  });
  await connection.flush();
  ready();
}

void main();
