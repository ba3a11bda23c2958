import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '@natsmith/protocol';
import { withSafeRequests } from './request';

const managers = new WeakMap<Connection, Promise<JetStreamManager>>();

/**
 * What manages streams and consumers on a connection of either library, loaded when it is first asked for. It asks for
 * nothing by itself, so that it needs no right but those of what is called.
 */
export function managerOf(connection: Connection): Promise<JetStreamManager> {
  let manager = managers.get(connection);
  if (manager === undefined) managers.set(connection, (manager = load(connection)));
  return manager;
}

async function load(connection: Connection): Promise<JetStreamManager> {
  const { jetstreamManager } = await import('@nats-io/jetstream');
  return jetstreamManager(withSafeRequests(connection) as never, { checkAPI: false });
}
