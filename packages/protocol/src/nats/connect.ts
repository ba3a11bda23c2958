import { checkedElsewhere, checkOptions } from '../options';
import { surviveResets } from '../platform/node';
import { readServerUrl, withoutCredentials } from './server-url';

const DEFAULT_SERVER = 'nats://127.0.0.1:4222';

/** What is asked of a client library to connect with it; `nats` 2 and `@nats-io/transport-node` 3 both fit. */
export interface NatsLibrary<Options extends object, Connected> {
  connect(options: Options): Promise<Connected>;
  credsAuthenticator(creds: Uint8Array): Authenticator;
  nkeyAuthenticator(seed: Uint8Array): Authenticator;
}

/** Answers the server's challenge; both libraries call it at each connection attempt. */
export type Authenticator = (nonce?: string) => unknown;

/** The connection options of either library, as far as natsmith sets them. */
export interface ConnectionSettings {
  servers?: string | string[];
  authenticator?: unknown;
  user?: string;
  pass?: string;
  token?: string;
  inboxPrefix?: string;
  tls?: { caFile?: string; certFile?: string; keyFile?: string };
}

/** All that the client libraries take; which values are good they know themselves. */
const CONNECTION_OPTIONS = Object.fromEntries(
  [
    ...['servers', 'port', 'name', 'user', 'pass', 'token', 'authenticator', 'tls', 'timeout', 'inboxPrefix'],
    ...['pingInterval', 'maxPingOut', 'reconnect', 'maxReconnectAttempts', 'reconnectTimeWait', 'reconnectJitter'],
    ...['reconnectJitterTLS', 'reconnectDelayHandler', 'reconnectToServer', 'waitOnFirstConnect'],
    ...['ignoreAuthErrorAbort', 'ignoreClusterUpdates', 'noRandomize', 'resolve', 'noEcho', 'noAsyncTraces'],
    ...['wsFactory', 'debug', 'verbose', 'pedantic'],
  ].map((name) => [name, checkedElsewhere]),
);

/**
 * Connects by the options, to `nats://127.0.0.1:4222` where they name no server. By default the connection goes on trying
 * to reconnect for as long as the process lives, and counts a link as dead after 15 s of silence.
 * @throws Error that says where there is no connection, why, and what to do
 */
export async function connectWith<Options extends object, Connected>(
  library: NatsLibrary<Options, Connected>,
  given: Options | ConnectionSettings,
): Promise<Connected> {
  checkOptions(given, CONNECTION_OPTIONS, 'connection');
  surviveResets();
  const options = withCredentialsOfUrl(given);
  const servers = [options.servers ?? []].flat();
  const defaults = {
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A link that swallows everything is noticed after three intervals: two pings unanswered, and a third one due.
    pingInterval: 5_000,
    maxPingOut: 2,
    // A server whose users are being changed refuses for a moment; a service is to survive that.
    ignoreAuthErrorAbort: true,
  };
  try {
    return await library.connect({
      ...defaults,
      ...options,
      servers: servers.length > 0 ? servers : [DEFAULT_SERVER],
    } as object as Options);
  } catch (cause) {
    throw new Error(explain(cause, servers), { cause });
  }
}

/** The options, with the credentials of a URL in the place where the library looks for them. */
function withCredentialsOfUrl(options: ConnectionSettings): ConnectionSettings {
  const credentials: ConnectionSettings = {};
  const servers = [options.servers ?? []].flat().map((url) => {
    const { server, ...own } = readServerUrl(url);
    Object.assign(credentials, own);
    return server;
  });
  return { ...credentials, ...options, servers };
}

function explain(cause: unknown, servers: readonly string[]): string {
  const where = servers.length > 0 ? servers.map(withoutCredentials).join(', ') : DEFAULT_SERVER;
  const code = (cause as { code?: string }).code ?? '';
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/AUTH/i.test(code + reason)) return `NATS at ${where} refused the credentials (${reason}); check them`;
  return (
    `no connection to NATS at ${where} (${reason}); start a nats-server there, ` +
    'or say where it is: NATS_URL, or the option "connection"'
  );
}
