import { readFileSync } from 'node:fs';

const DEFAULT_SERVER = 'nats://127.0.0.1:4222';

/** What is asked of a client library to connect with it; `nats` 2 and `@nats-io/transport-node` 3 both fit. */
export interface NatsLibrary<Options extends object, Connected> {
  connect(options: Options): Promise<Connected>;
  credsAuthenticator(creds: Uint8Array): unknown;
  nkeyAuthenticator(seed: Uint8Array): unknown;
}

/** The connection options of either library, as far as natsmith sets them. */
interface Settings {
  servers?: string | string[];
  authenticator?: unknown;
  user?: string;
  pass?: string;
  token?: string;
  tls?: { caFile?: string; certFile?: string; keyFile?: string };
}

/** How to reach NATS by the environment: `NATS_URL` (comma-separated) and the credentials of the `nats` command. */
function optionsFromEnvironment(library: NatsLibrary<never, unknown>, env: NodeJS.ProcessEnv): Settings {
  const options: Settings = {
    servers: (env.NATS_URL ?? '')
      .split(',')
      .map((server) => server.trim())
      .filter((server) => server !== ''),
  };
  if (env.NATS_CREDS) options.authenticator = library.credsAuthenticator(fileNamedBy('NATS_CREDS', env.NATS_CREDS));
  else if (env.NATS_NKEY) {
    // A seed itself, or the file that holds it, as the `nats` command takes it.
    const isSeed = /^S[A-Z2-7]{57}$/.test(env.NATS_NKEY);
    const seed = isSeed ? env.NATS_NKEY : fileNamedBy('NATS_NKEY', env.NATS_NKEY).toString().trim();
    options.authenticator = library.nkeyAuthenticator(new TextEncoder().encode(seed));
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
 * `nats://127.0.0.1:4222`. By default the connection goes on trying to reconnect for as long as the process lives.
 * @throws Error that says where there is no connection, why, and what to do
 */
export async function connectWith<Options extends object, Connected>(
  library: NatsLibrary<Options, Connected>,
  given?: Options,
): Promise<Connected> {
  const options = withCredentialsOfUrl(given ?? optionsFromEnvironment(library, process.env));
  const servers = [options.servers ?? []].flat();
  const defaults = {
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
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

/** `nats://user:password@host` and `nats://token@host` are common in NATS_URL, and nats.js does not read them. */
function withCredentialsOfUrl(options: Settings): Settings {
  const credentials: Settings = {};
  const servers = [options.servers ?? []].flat().map((server) => {
    const match = /^([a-z+]+:\/\/)?([^@/]*)@(.+)$/.exec(server);
    if (match === null) return server;
    const [user = '', pass] = (match[2] ?? '').split(':').map(decodeURIComponent);
    if (pass === undefined) credentials.token = user;
    else Object.assign(credentials, { user, pass });
    return `${match[1] ?? ''}${match[3]}`;
  });
  return { ...credentials, ...options, servers };
}

function fileNamedBy(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${variable} names the file ${path}, which cannot be read; correct ${variable}`, { cause });
  }
}

function explain(cause: unknown, servers: readonly string[]): string {
  const where =
    servers.length > 0 ? servers.map((server) => server.replace(/\/\/[^@]*@/, '//')).join(', ') : DEFAULT_SERVER;
  const code = (cause as { code?: string }).code ?? '';
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/AUTH/i.test(code + reason)) return `NATS at ${where} refused the credentials (${reason}); check them`;
  return (
    `no connection to NATS at ${where} (${reason}); start a nats-server there, ` +
    'or say where it is: NATS_URL, or the option "connection"'
  );
}
