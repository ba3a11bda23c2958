import { Svcm } from '@nats-io/services';
import { connect } from '@nats-io/transport-node';
import { ready, subject, url, type Two } from './process';

async function main(): Promise<void> {
  const connection = await connect({ servers: url });
  // The module is published against another version of the core than the transport.
  const service = await new Svcm(connection as never).add({ name: 'bench', version: '1.0.0' });
  service.addEndpoint('add', {
    subject,
    handler: (_error, message) => {
      const { a, b } = message.json<Two>();
      message.respond(JSON.stringify(a + b));
    },
  });
  await connection.flush();
  ready();
}

void main();
