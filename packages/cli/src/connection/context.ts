import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { wrongUse } from '../exit';

/** What a context of the `nats` command says, as far as it is read here. */
export interface NatsContext {
  url?: string;
  user?: string;
  password?: string;
  token?: string;
  creds?: string;
  nkey?: string;
  ca?: string;
  cert?: string;
  key?: string;
  inbox_prefix?: string;
}

const READ = ['url', 'user', 'password', 'token', 'creds', 'nkey', 'ca', 'cert', 'key', 'inbox_prefix'] as const;
const FILES: readonly string[] = ['creds', 'nkey', 'ca', 'cert', 'key'];
/** Without these a connection would be another one than the context means. */
const NOT_READ = ['nsc', 'user_jwt', 'user_seed', 'socks_proxy', 'tls_first'];

/** Reads a context by its name. */
export function readContext(name: string): NatsContext {
  const file = join(folder(), 'context', `${name}.json`);
  const fields = parse(name, file, textOf(name, file));
  const unknown = NOT_READ.filter((key) => Boolean(fields[key]));
  if (unknown.length > 0)
    throw wrongUse(
      `the context "${name}" (${file}) has "${unknown.join('", "')}", which natsmith cannot use; ` +
        'connect with flags instead, such as --server and --creds',
    );
  const entries = READ.map((key) => [key, fields[key]] as const)
    .filter((entry): entry is [(typeof READ)[number], string] => typeof entry[1] === 'string' && entry[1] !== '')
    .map(([key, value]) => [key, FILES.includes(key) ? expandHome(value) : value]);
  return Object.fromEntries(entries) as NatsContext;
}

/** The names of all contexts. */
export function contextNames(): string[] {
  try {
    return readdirSync(join(folder(), 'context'))
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  } catch {
    return [];
  }
}

/** The context that `nats context select` has selected. */
export function selectedContext(): string | undefined {
  try {
    return readFileSync(join(folder(), 'context.txt'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function folder(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'nats');
}

function textOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const names = contextNames();
    const known = names.length > 0 ? `known: ${names.join(', ')}` : 'there are none; make one with "nats context add"';
    throw wrongUse(`there is no context "${name}" (${file}); ${known}`, cause);
  }
}

function parse(name: string, file: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw wrongUse(`the context "${name}" (${file}) is not JSON: ${(cause as Error).message}`, cause);
  }
}

function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
