import type { Credentials } from './auth';
import { ProtocolError } from './operations';

/** What a client says about itself in CONNECT, as far as the broker uses it. */
export interface ConnectOptions extends Credentials {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly no_responders: boolean;
  readonly tls_required: boolean;
  readonly protocol: number;
  readonly name?: string;
  readonly lang?: string;
  readonly version?: string;
}

/** What holds until CONNECT; nats-server, too, answers a client that says nothing about it with +OK. */
export const DEFAULT_OPTIONS: ConnectOptions = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  no_responders: false,
  tls_required: false,
  protocol: 0,
};

const TYPES: Record<keyof ConnectOptions, 'boolean' | 'string' | 'number'> = {
  verbose: 'boolean',
  pedantic: 'boolean',
  echo: 'boolean',
  headers: 'boolean',
  no_responders: 'boolean',
  tls_required: 'boolean',
  protocol: 'number',
  name: 'string',
  lang: 'string',
  version: 'string',
  user: 'string',
  pass: 'string',
  auth_token: 'string',
};

/** Reads the JSON of CONNECT over what held before it. Throws ProtocolError, mostly without a word to the client. */
export function readConnect(json: string, before: ConnectOptions): ConnectOptions {
  const given = parse(json);
  const known: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(TYPES)) {
    const value = Object.hasOwn(given, name) ? given[name] : null;
    if (value === null) continue;
    if (typeof value !== type || (type === 'number' && !Number.isInteger(value)))
      throw new ProtocolError(`CONNECT: ${name} must be ${type === 'number' ? 'an integer' : `a ${type}`}`);
    known[name] = value;
  }
  return { ...before, ...known };
}

/** Throws ProtocolError for options that the broker cannot serve. */
export function checkConnect(options: ConnectOptions): void {
  if (options.tls_required) {
    throw new ProtocolError('the client requires TLS', 'Secure Connection - TLS Not Available: connect without TLS');
  }
  if (options.protocol !== 0 && options.protocol !== 1) {
    throw new ProtocolError(`client protocol ${options.protocol}`, 'invalid client protocol');
  }
  if (options.no_responders && !options.headers) {
    throw new ProtocolError('no_responders without headers', 'no responders requires headers support');
  }
}

function parse(json: string): Record<string, unknown> {
  try {
    const given: unknown = JSON.parse(json);
    if (typeof given === 'object' && !Array.isArray(given)) return (given ?? {}) as Record<string, unknown>;
  } catch {
    // Falls through: what is not JSON and what is not an object is the same error.
  }
  throw new ProtocolError('CONNECT must be followed by a JSON object');
}
