import { event, unchecked } from '@natsmith/core';
import { JetStreamPublisher } from '@natsmith/jetstream';
import { connect } from 'nats';
import { url, type Two } from '../services/process';
import { caller } from './process';
import { makeStream } from './publish-stream';

const Published = event('publish.{id}', unchecked<Two>());

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  await makeStream(connection);
  const publisher = new JetStreamPublisher(connection);
  caller(async () => {
    await publisher.publish(Published, { a: 17, b: 25 }, { params: { id: 1 } });
    return 1;
  });
}

void main();
