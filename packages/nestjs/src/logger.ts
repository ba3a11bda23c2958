import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from '@natsmith/core';
import { inspect } from 'node:util';

/** Writes natsmith's log lines with the logger of the Nest application, under the name "natsmith". */
export function nestLogger(): Logger {
  const logger = new NestLogger('natsmith');
  return {
    debug: (details, message) => logger.debug(lineOf(details, message)),
    info: (details, message) => logger.log(lineOf(details, message)),
    warn: (details, message) => logger.warn(lineOf(details, message)),
    error: (details, message) => logger.error(lineOf(details, message), stackIn(details)),
    isLevelEnabled: (level) => NestLogger.isLevelEnabled(level === 'info' ? 'log' : (level as 'debug')),
  };
}

function lineOf(details: object, message: string): string {
  const { err, ...fields } = details as { readonly err?: unknown };
  const cause = err === undefined ? '' : `: ${err instanceof Error ? err.message : inspect(err)}`;
  const about = Object.keys(fields).length === 0 ? '' : ` ${inspect(fields, { breakLength: Infinity })}`;
  return `${message}${cause}${about}`;
}

function stackIn(details: object): string | undefined {
  const { err } = details as { readonly err?: unknown };
  return err instanceof Error ? err.stack : undefined;
}
