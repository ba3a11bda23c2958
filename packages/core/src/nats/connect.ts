import { clientLibrary, connectWith, optionsFromEnvironment } from '@natsmith/protocol';
import type * as Nats from 'nats';
import type { ConnectionOptions, NatsConnection } from 'nats';

/**
 * Makes the connection that `NatsServiceFactory.create` would make, with `nats` 2, or with `@nats-io/transport-node`
 * where only that is installed, for programs that need it first; who makes it closes it.
 * @param given default: the environment (`NATS_URL` and the credentials of the `nats` command), else
 * `nats://127.0.0.1:4222`
 * @throws Error that says where it looked, when no server answers
 */
export async function connect(given?: ConnectionOptions): Promise<NatsConnection> {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const library = clientLibrary(
    () => require('nats') as typeof Nats,
    // Its connections are alike in what natsmith uses.
    () => {
      // Bundlers pass over what is tried where it is not installed.
      try {
        return require('@nats-io/transport-node') as typeof Nats;
      } catch {
        return undefined;
      }
    },
  );
  /* eslint-enable @typescript-eslint/no-require-imports */
  return connectWith(library, given ?? optionsFromEnvironment(library));
}
