/**
 * The client library: `nats` 2, or `@nats-io/transport-node` 3 where only that is installed. It is loaded only when
 * natsmith makes the connection; who has a connection needs neither here.
 * @param loadNats loads `nats`; the package that depends on it does so itself, since only that package is sure to find
 * it, and bundlers look for the names
 * @param loadTransport loads `@nats-io/transport-node`; undefined where it cannot be loaded
 * @throws Error that says what to install, when there is neither
 */
export function clientLibrary<Library>(loadNats: () => Library, loadTransport: () => Library | undefined): Library {
  try {
    return loadNats();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const library = loadTransport();
    if (library !== undefined) return library;
    throw new Error('no client library for NATS is installed: npm install nats, or @nats-io/transport-node', {
      cause: error,
    });
  }
}
