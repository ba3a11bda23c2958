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
    const { url, user, password, token, creds, nkey, ca, cert, key } = readContext(name);
    result = {
      ...without(result, ['NATS_URL', ...CREDENTIALS, ...TLS]),
      ...set({ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, NATS_TOKEN: token }),
      ...set({ NATS_CREDS: creds, NATS_NKEY: nkey, NATS_CA: ca, NATS_CERT: cert, NATS_KEY: key }),
    };
  }
  const { server, user, password, token, creds, nkey, tlsca, tlscert, tlskey } = flags;
  const credentials = set({
    NATS_CREDS: creds,
    NATS_NKEY: nkey,
    NATS_USER: user,
    NATS_PASSWORD: password,
    NATS_TOKEN: token,
  });
  // A password alone belongs to the user that the environment names.
  const replaces = Object.keys(credentials).some((key) => key !== 'NATS_PASSWORD');
  return {
    ...(replaces ? without(result, CREDENTIALS) : result),
    ...credentials,
    ...set({ NATS_URL: server, NATS_CA: tlsca, NATS_CERT: tlscert, NATS_KEY: tlskey }),
  };
}

function without(env: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

function set(values: Environment): Environment {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
