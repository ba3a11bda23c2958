import { connect, JSONCodec } from 'nats';
import { ready, subject, url, type Two } from './process';

const codec = JSONCodec<unknown>();

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  const service = await connection.services.add({ name: 'bench', version: '1.0.0' });
  service.addEndpoint('add', {
    subject,
    handler: (_error, message) => {
      const { a, b } = JSON.parse(message.string()) as Two;
      message.respond(codec.encode(a + b));
    },
  });
  await connection.flush();
  ready();
}

void main();
