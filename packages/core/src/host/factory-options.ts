import { aBoolean, anObject, checkedElsewhere, middlewares, type OptionRule, type OptionRules } from '../plan/options';
import type { FactoryOptions } from './factory';

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

const aContainer: OptionRule = (value) =>
  typeof value === 'function' ||
  (typeof value === 'object' && value !== null && typeof (value as { get?: unknown }).get === 'function')
    ? undefined
    : '{ get(Class) }, or a function of the connection that returns one';

const aConnection: OptionRule = (value) =>
  anObject(value) && 'a connection of nats or @nats-io/transport-node, or options to connect with';

const PROVISIONS: readonly unknown[] = ['ensure', 'verify', 'off'];
const aProvision: OptionRule = (value) => (PROVISIONS.includes(value) ? undefined : '"ensure", "verify" or "off"');

/** What `create()` takes, and what each must be. */
export const FACTORY_OPTIONS: OptionRules<FactoryOptions> = {
  connection: aConnection,
  container: aContainer,
  use: middlewares,
  logger: aLogger,
  signals: aBoolean,
  stopTimeout: checkedElsewhere,
  maxBody: checkedElsewhere,
  inboxes: checkedElsewhere,
  provision: aProvision,
  validation: anObject,
};
