import type { BrokerLogger, BrokerOptions, BrokerUser, SubjectRules } from './options';
import { isValidSubject } from './subjects';

/** The checked options. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly users: readonly BrokerUser[];
  readonly maxPayload: number;
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly pingInterval: number;
  readonly authTimeout: number;
  readonly jetstream: boolean;
  readonly logger: BrokerLogger | undefined;
}

const KNOWN: Record<keyof BrokerOptions, true> = {
  host: true,
  port: true,
  user: true,
  pass: true,
  token: true,
  users: true,
  maxPayload: true,
  maxConnections: true,
  maxPending: true,
  pingInterval: true,
  authTimeout: true,
  jetstream: true,
  logger: true,
};

// nats-server reads sizes of at most nine digits.
const MAX_SIZE = 999_999_999;
const MAX_DELAY = 2 ** 31 - 1;

/** Checks the options and fills in the defaults. Throws TypeError with the option's name and what it should be. */
export function readOptions(options: BrokerOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) refuse(name, `is not an option; the options are ${Object.keys(KNOWN).join(', ')}`);
  }
  const maxPending = integer(options, 'maxPending', 1, Number.MAX_SAFE_INTEGER, 64 * 1024 * 1024);
  const maxPayload = integer(options, 'maxPayload', 1, MAX_SIZE, Math.min(1024 * 1024, maxPending));
  if (maxPayload > maxPending) refuse('maxPayload', `(${maxPayload}) must not be over maxPending (${maxPending})`);
  const host = text(options.host ?? '127.0.0.1', 'host');
  return {
    host,
    port: integer(options, 'port', 0, 65_535, 0),
    token: options.token === undefined ? undefined : text(options.token, 'token'),
    users: readUsers(options),
    maxPayload,
    maxConnections: integer(options, 'maxConnections', 1, Number.MAX_SAFE_INTEGER, Infinity),
    maxPending,
    pingInterval: integer(options, 'pingInterval', 1, MAX_DELAY, 120_000),
    authTimeout: integer(options, 'authTimeout', 1, MAX_DELAY, 2_000),
    jetstream: flag(options.jetstream ?? true, 'jetstream'),
    logger: readLogger(options.logger),
  };
}

function readLogger(logger: BrokerOptions['logger']): BrokerLogger | undefined {
  if (logger === undefined || logger === false) return undefined;
  const { debug, warn } = (logger ?? {}) as Partial<BrokerLogger>;
  if (typeof debug !== 'function' || typeof warn !== 'function')
    refuse('logger', 'must have the methods debug and warn, as pino has, or be false');
  const guarded = (level: keyof BrokerLogger) => (details: object, message: string) => {
    try {
      logger[level](details, message);
    } catch {
      // Whatever a logger does, clients are served.
    }
  };
  return { debug: guarded('debug'), warn: guarded('warn') };
}

function readUsers({ user, pass, token, users }: BrokerOptions): BrokerUser[] {
  const ways = [user ?? pass, token, users].filter((way) => way !== undefined);
  if (ways.length > 1) refuse('token', 'cannot be combined: give one of user and pass, users, or token');
  if (users === undefined)
    return user === undefined && pass === undefined ? [] : [{ user: text(user, 'user'), pass: text(pass, 'pass') }];
  if (!Array.isArray(users) || users.length === 0) refuse('users', 'must be a list of at least one { user, pass }');
  return users.map((entry: BrokerUser, i, all: BrokerUser[]) => {
    text(entry.user, `users[${i}].user`);
    text(entry.pass, `users[${i}].pass`);
    checkRules(entry.permissions?.publish, `users[${i}].permissions.publish`);
    checkRules(entry.permissions?.subscribe, `users[${i}].permissions.subscribe`);
    if (all.findIndex(({ user }) => user === entry.user) !== i) refuse(`users[${i}].user`, 'is given twice');
    return entry;
  });
}

function checkRules(rules: SubjectRules | undefined, name: string): void {
  for (const kind of ['allow', 'deny'] as const) {
    const subjects = rules?.[kind];
    if (subjects === undefined) continue;
    if (!Array.isArray(subjects)) refuse(`${name}.${kind}`, 'must be a list of subjects');
    if (kind === 'allow' && subjects.length === 0) {
      refuse(`${name}.allow`, "is empty: leave it out to allow everything, or set deny: ['>'] to allow nothing");
    }
    for (const [i, subject] of subjects.entries()) {
      if (typeof subject !== 'string' || /\s/.test(subject) || !isValidSubject(subject)) {
        refuse(`${name}.${kind}[${i}]`, `must be a subject, got ${JSON.stringify(subject)}`);
      }
    }
  }
}

function integer(
  options: BrokerOptions,
  name: keyof BrokerOptions,
  min: number,
  max: number,
  fallback: number,
): number {
  const value = options[name];
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || Number(value) < min || Number(value) > max) {
    refuse(name, `must be an integer from ${min} to ${max}, got ${JSON.stringify(value)}`);
  }
  return Number(value);
}

function flag(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') refuse(name, `must be true or false, got ${JSON.stringify(value)}`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '')
    refuse(name, `must be a non-empty string, got ${JSON.stringify(value)}`);
  return value;
}

function refuse(name: string, problem: string): never {
  throw new TypeError(`Broker.start: option ${name} ${problem}`);
}
