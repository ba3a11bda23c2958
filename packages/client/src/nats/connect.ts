import { connectWith } from '@natsmith/protocol';
import type * as Nats from 'nats';
import type { ConnectionOptions, NatsConnection } from 'nats';

/** Connects with `nats` 2, by the options or else by the environment. */
export function connect(given?: ConnectionOptions): Promise<NatsConnection> {
  // Loaded only when the client makes the connection: one that is given a connection may use nats.js 3 alone.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return connectWith(require('nats') as typeof Nats, given);
}
