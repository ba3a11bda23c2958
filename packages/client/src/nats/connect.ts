import { connectWith, optionsFromEnvironment } from '@natsmith/protocol';
import type * as Nats from 'nats';
import type { ConnectionOptions, NatsConnection } from 'nats';

/**
 * Connects with `nats` 2, or with `@nats-io/transport-node` where only that is installed, by the options or else by the
 * environment.
 */
export async function connect(given?: ConnectionOptions): Promise<NatsConnection> {
  const library = clientLibrary();
  return connectWith(library, given ?? optionsFromEnvironment(library));
}

/** Loaded only when natsmith makes the connection; whoever has a connection of its own needs none of them here. */
function clientLibrary(): typeof Nats {
  /* eslint-disable @typescript-eslint/no-require-imports */
  try {
    return require('nats') as typeof Nats;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    try {
      // Its connections are alike in what natsmith uses.
      return require('@nats-io/transport-node') as typeof Nats;
    } catch {
      throw new Error('no client library for NATS is installed: npm install nats, or @nats-io/transport-node', {
        cause: error,
      });
    }
  }
  /* eslint-enable @typescript-eslint/no-require-imports */
}
