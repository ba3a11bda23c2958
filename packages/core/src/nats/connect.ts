import { connectWith } from '@natsmith/protocol';
import type * as Nats from 'nats';
import type { ConnectionOptions, NatsConnection } from 'nats';

/**
 * Makes the connection that `NatsServiceFactory.create` would make, with `nats` 2, for programs that need it first; who
 * makes it closes it.
 * @param given default: the environment (`NATS_URL` and the credentials of the `nats` command), else
 * `nats://127.0.0.1:4222`
 * @throws Error that says where it looked, when no server answers
 */
export function connect(given?: ConnectionOptions): Promise<NatsConnection> {
  // Loaded only when natsmith makes the connection: a service on a connection of its own may use nats.js 3 alone.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return connectWith(require('nats') as typeof Nats, given);
}
