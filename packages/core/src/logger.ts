import type { pino as Pino } from 'pino';
import type { Logger } from './define/logger';

/** The logger of a host: the one given, none for `false`, else pino. */
export function loggerOf(option: Logger | false | undefined): Logger {
  if (option === false) return SILENT;
  if (option !== undefined) return option;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { pino } = require('pino') as { pino: typeof Pino };
  return pino({ name: 'natsmith', level: process.env.LOG_LEVEL ?? 'info' });
}

const nothing = (): void => undefined;

const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, isLevelEnabled: () => false };
