/** A server's URL without its credentials, and these. */
export interface ServerUrl {
  readonly server: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

// A host, or an IPv6 address in brackets, and a port; WebSockets have a path.
const PLAIN = /^(?:\[[^\]]*\]|[\w.-]*)(?::\d+)?(?:\/[^@]*)?$/;

/** Reads a list of servers separated by commas; a comma in a password separates nothing. */
export function splitServers(list: string): string[] {
  const servers: string[] = [];
  let open = '';
  for (const part of list.split(',')) {
    open = open === '' ? part.trim() : `${open},${part}`;
    const { rest } = schemeOf(open);
    if (!PLAIN.test(rest.slice(rest.lastIndexOf('@') + 1))) continue;
    servers.push(open);
    open = '';
  }
  return [...servers, open.trim()].filter((server) => server !== '');
}

/**
 * Reads `nats://user:password@host` and `nats://token@host`, which are common in NATS_URL, and which nats.js does not
 * read. A password may hold `:`, `/`, `@` and `%` as they are, or percent-encoded: no host holds an `@`.
 */
export function readServerUrl(url: string): ServerUrl {
  const { scheme, rest } = schemeOf(url);
  const end = rest.lastIndexOf('@');
  if (end < 0) return { server: url };
  const credentials = rest.slice(0, end);
  const server = `${scheme}${rest.slice(end + 1)}`;
  const colon = credentials.indexOf(':');
  if (colon < 0) return { server, token: decoded(credentials) };
  return { server, user: decoded(credentials.slice(0, colon)), pass: decoded(credentials.slice(colon + 1)) };
}

/** A list of servers, for messages and logs. */
export function withoutCredentials(list: string): string {
  return splitServers(list)
    .map((server) => readServerUrl(server).server)
    .join(', ');
}

function schemeOf(url: string): { scheme: string; rest: string } {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0] ?? '';
  return { scheme, rest: url.slice(scheme.length) };
}

/** A `%` that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
