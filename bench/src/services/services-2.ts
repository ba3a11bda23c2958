import { connect, JSONCodec, type NatsConnection, type ServiceMsg } from 'nats';
import { ready, subject, url, variant, type Two } from './process';

const codec = JSONCodec<unknown>();

const handler = (_error: Error | null, message: ServiceMsg): void => {
  const { a, b } = JSON.parse(message.string()) as Two;
  message.respond(codec.encode(a + b));
};

const variants: Record<string, (connection: NatsConnection) => Promise<void>> = {
  plain: (connection) => add(connection, 'bench', [subject]),
  /** One endpoint that is asked, among 999 that are not. */
  many: (connection) =>
    add(connection, 'bench', [subject, ...Array.from({ length: 999 }, (_, i) => `${subject}.other${i + 1}`)]),
  async hundred(connection) {
    for (let i = 0; i < 100; i++) await add(connection, `bench${i}`, [`${subject}.${i}`]);
  },
};

async function add(connection: NatsConnection, name: string, subjects: readonly string[]): Promise<void> {
  const service = await connection.services.add({ name, version: '1.0.0' });
  for (const [index, subject] of subjects.entries())
    service.addEndpoint(index === 0 ? 'add' : `other${index}`, { subject, handler });
}

async function main(): Promise<void> {
  const started = performance.now();
  const connection = await connect({ servers: url });
  await variants[variant]?.(connection);
  await connection.flush();
  ready({ bootstrap: performance.now() - started });
}

void main();
