import { randomToken } from '@natsmith/protocol';
import type { BoundLogger, Logger } from '../define/logger';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Adds fields to each line. */
abstract class BoundLog implements BoundLogger {
  constructor(readonly logger: Logger) {}

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
    // Its own fields come last: what a caller sent and somebody logs is not to say whose line it is.
    else this.logger[level]({ ...fieldsIn(details), ...this.fields }, message);
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
    readonly fields: HandlerAbout,
  ) {
    super(logger);
  }
}

/** The log of one message; made when the first line, or the id, is asked for. */
export class MessageLog extends BoundLog {
  readonly requestId = randomToken();

  constructor(
    private readonly handler: HandlerLog,
    private readonly message: { readonly subject: string; readonly traceId: string | undefined },
  ) {
    super(handler.logger);
  }

  protected get fields(): object {
    const { subject, traceId } = this.message;
    return { ...this.handler.fields, subject, requestId: this.requestId, ...(traceId !== undefined && { traceId }) };
  }
}
