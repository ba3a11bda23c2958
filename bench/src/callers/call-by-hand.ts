import { connect, JSONCodec } from 'nats';
import { subject, url } from '../services/process';
import { caller } from './process';

const codec = JSONCodec<unknown>();

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  caller(async () => {
    const reply = await connection.request(subject, codec.encode({ a: 17, b: 25 }), { timeout: 5000 });
    if (codec.decode(reply.data) !== 42) throw new Error('wrong reply');
    return 1;
  });
}

void main();
