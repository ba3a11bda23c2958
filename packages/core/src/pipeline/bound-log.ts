import { randomToken } from '@natsmith/protocol';
import type { BoundLogger, Logger } from '../define/logger';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Adds fields to each line. */
abstract class BoundLog implements BoundLogger {
  constructor(private readonly logger: Logger) {}

  protected abstract readonly fields: object;

  debug(details: object | string, message?: string): void {
    this.write('debug', details, message);
  }

  info(details: object | string, message?: string): void {
    this.write('info', details, message);
  }

  warn(details: object | string, message?: string): void {
    this.write('warn', details, message);
  }

  error(details: object | string, message?: string): void {
    this.write('error', details, message);
  }

  private write(level: Level, details: object | string, message = ''): void {
    if (typeof details === 'string') this.logger[level](this.fields, details);
    else this.logger[level]({ ...this.fields, ...fieldsIn(details) }, message);
  }
}

/** As pino takes them: an error alone is the field `err`. */
function fieldsIn(details: object): object {
  try {
    return details instanceof Error ? { err: details } : { ...details };
  } catch {
    return { details: 'cannot be read' };
  }
}

/** What the lines about a handler say. */
interface HandlerAbout {
  readonly service: string;
  readonly handler: string;
  readonly kind: string;
}

/** The log of a handler, for lines that belong to none of its messages. */
export class HandlerLog extends BoundLog {
  constructor(
    logger: Logger,
    protected readonly fields: HandlerAbout,
  ) {
    super(logger);
  }
}

/** The log of one message; made when the first line, or the id, is asked for. */
export class MessageLog extends BoundLog {
  readonly requestId = randomToken();

  constructor(
    logger: Logger,
    private readonly about: HandlerAbout,
    private readonly subject: string,
    public traceId: string | undefined,
  ) {
    super(logger);
  }

  protected get fields(): object {
    const { about, subject, requestId, traceId } = this;
    return { ...about, subject, requestId, ...(traceId !== undefined && { traceId }) };
  }
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;
const NO_TRACE = '0'.repeat(32);

/** The trace that a W3C `traceparent` header names. */
export function traceIdIn(traceparent: string | undefined): string | undefined {
  const id = traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
  return id === NO_TRACE ? undefined : id;
}
