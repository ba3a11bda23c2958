/**
 * The client library: `nats` 2, or `@nats-io/transport-node` 3 where only that is installed. It is loaded only when
 * natsmith makes the connection; who has a connection needs neither here.
 * @param loadNats loads `nats`; the package that depends on it does so itself, since only that package is sure to find
 * it, and bundlers look for the names
 * @param loadTransport loads `@nats-io/transport-node`
 * @throws Error that says what to install, when there is neither
 */
export function clientLibrary<Library>(loadNats: () => Library, loadTransport: () => Library): Library {
  try {
    return loadNats();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    try {
      return loadTransport();
    } catch {
      throw new Error('no client library for NATS is installed: npm install nats, or @nats-io/transport-node', {
        cause: error,
      });
    }
  }
}
