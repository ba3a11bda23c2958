import type { Connection } from './connection';

/** Milliseconds for one attempt. */
const TIMEOUT = 2_000;

/** What both client libraries have behind their connections. */
interface Inside {
  readonly options?: { servers?: string | string[] };
  readonly info?: { readonly connect_urls?: readonly string[] };
  readonly constructor: { connect?(options: object): Promise<Connection> };
}

/**
 * Opens a connection of the same client library and with the same options to another server of the cluster, as the
 * server of the given one has named them; undefined where there is none. It does not reconnect.
 */
export async function connectSibling(connection: Connection): Promise<Connection | undefined> {
  const { options, info, constructor } = connection as Connection & Inside;
  if (typeof constructor.connect !== 'function' || options === undefined) return undefined;
  const present = connection.getServer();
  const servers = [...new Set([...(info?.connect_urls ?? []), ...[options.servers ?? []].flat()])].filter(
    (server) => server.replace(/^[a-z]+:\/\//, '') !== present,
  );
  if (servers.length === 0) return undefined;
  try {
    return await constructor.connect({
      ...options,
      servers,
      timeout: TIMEOUT,
      reconnect: false,
      waitOnFirstConnect: false,
    });
  } catch {
    return undefined;
  }
}
