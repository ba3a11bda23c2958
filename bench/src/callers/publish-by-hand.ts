import { connect, JSONCodec } from 'nats';
import { url } from '../services/process';
import { caller } from './process';
import { makeStream } from './publish-stream';

const codec = JSONCodec<unknown>();

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  await makeStream(connection);
  const stream = connection.jetstream();
  caller(async () => {
    await stream.publish('publish.1', codec.encode({ a: 17, b: 25 }));
    return 1;
  });
}

void main();
