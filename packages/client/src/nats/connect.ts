import { clientLibrary, connectWith, optionsFromEnvironment } from '@natsmith/protocol';
import type * as Nats from 'nats';
import type { ConnectionOptions, NatsConnection } from 'nats';

/**
 * Connects with `nats` 2, or with `@nats-io/transport-node` where only that is installed, by the options or else by the
 * environment.
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
