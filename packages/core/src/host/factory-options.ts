import {
  aBoolean,
  anObject,
  checkedElsewhere,
  unknownName,
  type Duration,
  type OptionRule,
  type OptionRules,
} from '@natsmith/protocol';
import type { ConnectionOptions, NatsConnection } from 'nats';
import type { Middleware } from '../define/handler';
import type { Logger } from '../define/logger';
import type { Provision } from '../define/options';
import type { ValidatorOptions } from '../payload/validator';
import type { Connection } from '../nats/connection';
import type { Container, ContainerOf } from './objects';
import { middlewares } from '../plan/options';

/** `C`, which the compiler is not to guess from here: what a container would like does not decide the connection. */
// NoInfer came with TypeScript 5.4.
type Settled<C> = [C][C extends unknown ? 0 : never];

/** What `NatsServiceFactory.create` takes besides classes and instances. */
export interface FactoryOptions<C extends Connection = NatsConnection> {
  /**
   * A live connection of `nats` 2 or `@nats-io/transport-node` 3, or options to connect with `nats` 2.
   * Default: the environment (`NATS_URL` and the credentials of the `nats` command), else `nats://127.0.0.1:4222`.
   */
  connection?: C | ConnectionOptions;
  /**
   * Makes the instances of the classes that are given as classes; without one, they are made with `new`. A function gets
   * the host's connection, to make what the classes need of it (a client, a publisher); the host closes the connection.
   */
  container?: Container | ContainerOf<Settled<C>>;
  /** Middleware around every endpoint. */
  use?: readonly Middleware[];
  /** Default pino; `false` for none. */
  logger?: Logger | false;
  /** Whether each message that is handled is a log line at the level `info`, and not at `debug`; default false. */
  accessLog?: boolean;
  /** Whether STATS has percentiles of durations as `data`, of services without a stats handler; default false. */
  percentiles?: boolean;
  /** What the default logger writes as `[Redacted]`: paths of log lines, as pino takes them, such as `err.password`. */
  redact?: readonly string[];
  /** Whether SIGINT and SIGTERM stop the host; default true. */
  signals?: boolean;
  /** Milliseconds, or a string such as `'30s'`, that stop waits for running handlers; default 10,000. */
  stopTimeout?: Duration;
  /** Bytes of a request's body, where service and endpoint set no `maxBody`; default 1 MiB, at most 64 MiB. */
  maxBody?: number;
  /**
   * Prefixes, besides `_INBOX` and `_R_`, of subjects that streams, uploads and bodies in chunks may be sent to: those of
   * clients with an inbox prefix of their own. That of the service's own connection is among them.
   */
  inboxes?: readonly string[];
  /** What to do about the streams, consumers and buckets that the classes need; default `ensure`. */
  provision?: Provision;
  /** class-validator's options, on top of natsmith's (`whitelist: true`). */
  validation?: ValidatorOptions;
}

const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'] as const;

const aLogger: OptionRule = (value) =>
  value === false || hasLogMethods(value)
    ? undefined
    : 'false or a logger with the methods debug, info, warn and error, such as pino';

function hasLogMethods(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return LOGGER_METHODS.every((level) => typeof (value as Record<string, unknown>)[level] === 'function');
  } catch {
    // Each call of it is guarded, whatever it does.
    return true;
  }
}

const paths: OptionRule = (value) =>
  Array.isArray(value) && value.every((path) => typeof path === 'string' && path !== '')
    ? undefined
    : 'paths of log lines, such as ["err.password", "data.*.token"]';

const aContainer: OptionRule = (value) =>
  typeof value === 'function' ||
  (typeof value === 'object' && value !== null && typeof (value as { get?: unknown }).get === 'function')
    ? undefined
    : '{ get(Class) }, or a function of the connection that returns one';

const aConnection: OptionRule = (value) =>
  anObject(value) && 'a connection of nats or @nats-io/transport-node, or options to connect with';

const PROVISIONS: readonly unknown[] = ['ensure', 'verify', 'off'];
const aProvision: OptionRule = (value) => (PROVISIONS.includes(value) ? undefined : '"ensure", "verify" or "off"');

const VALIDATOR_OPTIONS: Readonly<Record<keyof ValidatorOptions, true>> = {
  skipUndefinedProperties: true,
  skipNullProperties: true,
  skipMissingProperties: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  groups: true,
  always: true,
  strictGroups: true,
  dismissDefaultMessages: true,
  validationError: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  enableDebugMessages: true,
};

const aValidation: OptionRule = (value) => {
  if (anObject(value) !== undefined) return 'an object';
  const unknown = Object.keys(value as object).find((name) => !Object.hasOwn(VALIDATOR_OPTIONS, name));
  if (unknown === undefined) return undefined;
  return `options of class-validator (it has no ${unknownName(unknown, Object.keys(VALIDATOR_OPTIONS))})`;
};

/** What `create()` takes, and what each must be. */
export const FACTORY_OPTIONS: OptionRules<FactoryOptions> = {
  connection: aConnection,
  container: aContainer,
  use: middlewares,
  logger: aLogger,
  accessLog: aBoolean,
  percentiles: aBoolean,
  redact: paths,
  signals: aBoolean,
  stopTimeout: checkedElsewhere,
  maxBody: checkedElsewhere,
  inboxes: checkedElsewhere,
  provision: aProvision,
  validation: aValidation,
};
