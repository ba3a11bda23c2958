import type { NatsConnection } from 'nats';

/** The stream that all publishers publish to. */
export async function makeStream(connection: NatsConnection): Promise<void> {
  const config = { name: 'PUBLISH', subjects: ['publish.*'], max_msgs: 100_000 };
  await connection.request('$JS.API.STREAM.CREATE.PUBLISH', JSON.stringify(config));
}
