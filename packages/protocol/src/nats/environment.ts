import { Buffer, environment, readFileSync } from '../platform/node';
import type { Authenticator, ConnectionSettings, NatsLibrary } from './connect';
import { splitServers } from './server-url';

/**
 * How to reach NATS by the environment: `NATS_URL` (comma-separated) and the credentials of the `nats` command. Files that
 * hold credentials are read again at each connection attempt.
 * @throws Error that names the variable whose file cannot be read
 */
export function optionsFromEnvironment(
  library: Pick<NatsLibrary<never, unknown>, 'credsAuthenticator' | 'nkeyAuthenticator'>,
): ConnectionSettings {
  const env = environment();
  const options: ConnectionSettings = {
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
