import { InvalidArgumentError, type Command } from 'commander';
import { parseTimeout } from '../duration';

/** The flags that say where NATS is, and who asks. */
export interface ConnectionFlags {
  server?: string;
  user?: string;
  password?: string;
  token?: string;
  creds?: string;
  nkey?: string;
  tlsca?: string;
  tlscert?: string;
  tlskey?: string;
  context?: string;
  inboxPrefix?: string;
  /** Of the discovery subjects. */
  prefix?: string;
  /** Milliseconds; Infinity for no limit. */
  timeout?: number;
}

/** Adds the connection flags, which every command has that talks to services. */
export function withConnectionFlags(command: Command): Command {
  const group = 'Connection:';
  return command
    .optionsGroup(group)
    .option('-s, --server <urls>', 'where NATS is, several separated by commas (NATS_URL)')
    .option('--user <name>', 'user name (NATS_USER)')
    .option('--password <text>', 'password (NATS_PASSWORD)')
    .option('--token <text>', 'token (NATS_TOKEN)')
    .option('--creds <file>', 'credentials file (NATS_CREDS)')
    .option('--nkey <seed or file>', 'NKey seed, or the file that holds it (NATS_NKEY)')
    .option('--tlsca <file>', 'certificate authority (NATS_CA)')
    .option('--tlscert <file>', 'client certificate (NATS_CERT)')
    .option('--tlskey <file>', "client certificate's key (NATS_KEY)")
    .option('--context <name>', 'a context of the nats command (NATS_CONTEXT)')
    .option(
      '--inbox-prefix <prefix>',
      'what reply subjects begin with (NATS_INBOX_PREFIX; default: _INBOX)',
      parsePrefix,
    )
    .option('--prefix <prefix>', 'what discovery subjects begin with, where an import renames $SRV', parsePrefix)
    .option('--timeout <duration>', 'how long to wait for answers, such as 500ms or 2s; 0 for no limit', parseTimeout);
}

function parsePrefix(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[^\s.*>\u0000-\u001f\u007f]+(?:\.[^\s.*>\u0000-\u001f\u007f]+)*$/.test(text)) return text;
  throw new InvalidArgumentError('give tokens joined by ".", without spaces, "*" and ">".');
}
