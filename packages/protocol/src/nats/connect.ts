import { Buffer, environment, readFileSync } from '../platform/node';
import { readServerUrl, splitServers, withoutCredentials } from './server-url';

const DEFAULT_SERVER = 'nats://127.0.0.1:4222';

/** What is asked of a client library to connect with it; `nats` 2 and `@nats-io/transport-node` 3 both fit. */
export interface NatsLibrary<Options extends object, Connected> {
  connect(options: Options): Promise<Connected>;
  credsAuthenticator(creds: Uint8Array): Authenticator;
  nkeyAuthenticator(seed: Uint8Array): Authenticator;
}

/** Answers the server's challenge; both libraries call it at each connection attempt. */
type Authenticator = (nonce?: string) => unknown;

/** The connection options of either library, as far as natsmith sets them. */
interface Settings {
  servers?: string | string[];
  authenticator?: unknown;
  user?: string;
  pass?: string;
  token?: string;
  inboxPrefix?: string;
  tls?: { caFile?: string; certFile?: string; keyFile?: string };
}

/** How to reach NATS by the environment: `NATS_URL` (comma-separated) and the credentials of the `nats` command. */
function optionsFromEnvironment(library: NatsLibrary<never, unknown>, env: NodeJS.ProcessEnv): Settings {
  const options: Settings = {
    servers: splitServers(env.NATS_URL ?? ''),
    ...(env.NATS_INBOX_PREFIX && { inboxPrefix: env.NATS_INBOX_PREFIX }),
  };
  if (env.NATS_CREDS)
    options.authenticator = fromFile('NATS_CREDS', env.NATS_CREDS, (creds) => library.credsAuthenticator(creds));
  else if (env.NATS_NKEY) {
    const withSeed = (seed: string): Authenticator => library.nkeyAuthenticator(Buffer.from(seed.trim()));
    // A seed itself, or the file that holds it, as the `nats` command takes it.
    options.authenticator = /^S[A-Z2-7]{57}$/.test(env.NATS_NKEY)
      ? withSeed(env.NATS_NKEY)
      : fromFile('NATS_NKEY', env.NATS_NKEY, (file) => withSeed(file.toString()));
  } else if (env.NATS_USER) {
    options.user = env.NATS_USER;
    options.pass = env.NATS_PASSWORD ?? '';
  } else if (env.NATS_TOKEN) options.token = env.NATS_TOKEN;
  if (env.NATS_CA || env.NATS_CERT || env.NATS_KEY)
    options.tls = {
      ...(env.NATS_CA && { caFile: env.NATS_CA }),
      ...(env.NATS_CERT && { certFile: env.NATS_CERT }),
      ...(env.NATS_KEY && { keyFile: env.NATS_KEY }),
    };
  return options;
}

/**
 * Connects by the options, else by the environment (`NATS_URL` and the credentials of the `nats` command), else to
 * `nats://127.0.0.1:4222`. By default the connection goes on trying to reconnect for as long as the process lives, and
 * counts a link as dead after 15 s of silence. Files that hold credentials are read again at each attempt.
 * @throws Error that says where there is no connection, why, and what to do
 */
export async function connectWith<Options extends object, Connected>(
  library: NatsLibrary<Options, Connected>,
  given?: Options,
): Promise<Connected> {
  const options = withCredentialsOfUrl(given ?? optionsFromEnvironment(library, environment()));
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
function withCredentialsOfUrl(options: Settings): Settings {
  const credentials: Settings = {};
  const servers = [options.servers ?? []].flat().map((url) => {
    const { server, ...own } = readServerUrl(url);
    Object.assign(credentials, own);
    return server;
  });
  return { ...credentials, ...options, servers };
}

/**
 * Reads the file again at each connection attempt, so that renewed credentials are used. One that is being replaced is
 * missing or half written for a moment; whatever an authenticator throws would close the connection for good.
 */
function fromFile(variable: string, path: string, authenticatorOf: (file: Buffer) => Authenticator): Authenticator {
  let last = authenticatorOf(fileNamedBy(variable, path));
  return (nonce) => {
    try {
      const current = authenticatorOf(readFileSync(path));
      const answer = current(nonce);
      last = current;
      return answer;
    } catch {
      return last(nonce);
    }
  };
}

function fileNamedBy(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${variable} names the file ${path}, which cannot be read; correct ${variable}`, { cause });
  }
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
