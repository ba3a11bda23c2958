import { readServerUrl, splitServers } from '@natsmith/protocol';
import { readContext } from './context';
import type { ConnectionFlags } from './flags';

type Environment = Record<string, string | undefined>;

const CREDENTIALS = ['NATS_CREDS', 'NATS_NKEY', 'NATS_USER', 'NATS_PASSWORD', 'NATS_TOKEN'];
const TLS = ['NATS_CA', 'NATS_CERT', 'NATS_KEY'];

/**
 * The environment that says the same as the flags, else the context, else the environment as it is: so the command
 * connects in the way that services do, and can hand it on to one that it starts.
 * A context replaces all of the environment's own variables, and credentials replace credentials of any kind.
 */
export function connectionEnvironment(flags: ConnectionFlags, env: Environment): Environment {
  const name = flags.context ?? env.NATS_CONTEXT;
  let result: Environment = { ...env };
  if (name) {
    const { url, user, password, token, creds, nkey, ca, cert, key, inbox_prefix } = readContext(name);
    result = {
      ...without(result, ['NATS_URL', 'NATS_INBOX_PREFIX', ...CREDENTIALS, ...TLS]),
      ...set({ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, NATS_TOKEN: token }),
      ...set({ NATS_CREDS: creds, NATS_NKEY: nkey, NATS_CA: ca, NATS_CERT: cert, NATS_KEY: key }),
      ...set({ NATS_INBOX_PREFIX: inbox_prefix }),
    };
  }
  const { server, user, password, token, creds, nkey, tlsca, tlscert, tlskey, inboxPrefix } = flags;
  const credentials = set({
    NATS_CREDS: creds,
    NATS_NKEY: nkey,
    NATS_USER: user,
    NATS_PASSWORD: password,
    NATS_TOKEN: token,
  });
  const isInUrl = splitServers(server ?? '').some((url) => readServerUrl(url).server !== url);
  // A password alone belongs to the user that the environment names.
  const replaces = isInUrl || Object.keys(credentials).some((key) => key !== 'NATS_PASSWORD');
  return {
    ...(replaces ? without(result, CREDENTIALS) : result),
    ...credentials,
    ...set({ NATS_URL: server, NATS_CA: tlsca, NATS_CERT: tlscert, NATS_KEY: tlskey }),
    ...set({ NATS_INBOX_PREFIX: inboxPrefix }),
  };
}

function without(env: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

function set(values: Environment): Environment {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
