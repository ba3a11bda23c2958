import { inspect } from 'node:util';
import type { pino as Pino } from 'pino';
import type { Logger } from '../define/logger';

/**
 * The logger of a host: the one given, none for `false`, else pino. No call of it throws.
 * @param redact paths that pino writes as `[Redacted]`
 * @throws TypeError for paths that pino does not take, or that are not for pino
 */
export function loggerOf(option: Logger | false | undefined, redact?: readonly string[]): Logger {
  if (redact !== undefined && option !== undefined)
    throw new TypeError(
      'option "redact" of create() applies to the default logger only; configure redaction in your own, such as pino({ redact: [...] })',
    );
  if (option === false) return SILENT;
  if (option !== undefined) return new GuardedLogger(option);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { pino } = require('pino') as { pino: typeof Pino };
  try {
    const level = process.env.LOG_LEVEL ?? 'info';
    return new GuardedLogger(pino({ name: 'natsmith', level, ...(redact && { redact: [...redact] }) }));
  } catch (cause) {
    // What it says of the level is not about the paths.
    if (redact === undefined || !/redact/i.test((cause as Error).message)) throw cause;
    throw new TypeError(`option "redact" of create(): ${(cause as Error).message}`, { cause });
  }
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The one place where a user's logger is called. What it does, and what it cannot show, harms nobody. */
class GuardedLogger implements Logger {
  private hasWarned = false;

  constructor(private readonly logger: Logger) {}

  debug(details: object, message: string): void {
    this.write('debug', details, message);
  }

  info(details: object, message: string): void {
    this.write('info', details, message);
  }

  warn(details: object, message: string): void {
    this.write('warn', details, message);
  }

  error(details: object, message: string): void {
    this.write('error', details, message);
  }

  isLevelEnabled(level: string): boolean {
    try {
      const isEnabled: unknown = this.logger.isLevelEnabled?.(level) ?? true;
      if (typeof isEnabled === 'boolean') return isEnabled;
      this.waitFor(isEnabled);
      return false;
    } catch (error) {
      this.complain(error);
      return false;
    }
  }

  private write(level: Level, details: object, message: string): void {
    try {
      this.call(level, details, message);
    } catch (error) {
      // An error with a getter that throws is more than most loggers can show.
      if (!('err' in details)) return this.complain(error);
      try {
        this.call(level, { ...details, err: new Error(shown(details.err)) }, message);
      } catch {
        this.complain(error);
      }
    }
  }

  private call(level: Level, details: object, message: string): void {
    // Declared to give nothing; one that is async gives a promise all the same.
    const written: unknown = this.logger[level](details, message);
    if (written !== undefined) this.waitFor(written);
  }

  private waitFor(given: unknown): void {
    Promise.resolve(given).catch((error: unknown) => this.complain(error));
  }

  /** Nobody reads the log of a logger that fails, so it goes to standard error, once. */
  private complain(error: unknown): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    process.emitWarning(`the logger failed: ${shown(error)}`, { code: 'NATSMITH_LOGGER' });
  }
}

function shown(value: unknown): string {
  try {
    return value instanceof Error ? String(value.stack) : inspect(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

const nothing = (): void => undefined;

const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, isLevelEnabled: () => false };
