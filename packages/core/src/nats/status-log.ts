import { ConnectionEvents, type ConnectionEvent, type Violation } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { Connection } from './connection';

/** Violations that are logged one by one in each window: a caller's reply subject may be forbidden for every request. */
const VIOLATIONS = 10;
/** Milliseconds. */
const WINDOW = 10_000;

/** Logs what happens to the connection, one line for each event; gives the way to end that. */
export function logStatus(connection: Connection, logger: Logger): () => void {
  const events = ConnectionEvents.of(connection);
  const log = new StatusLog(logger, (violation) => events.isExpected(violation));
  const stop = events.listen((event) => log.add(event));
  return () => {
    stop();
    log.end();
  };
}

class StatusLog {
  private violations = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Authentication failures that were logged since the connection was last up: attempts come four times a second. */
  private readonly failures = new Set<string>();

  constructor(
    private readonly logger: Logger,
    private readonly isExpected: (violation: Violation) => boolean,
  ) {}

  add(event: ConnectionEvent): void {
    const { logger } = this;
    switch (event.type) {
      case 'disconnected':
        return logger.warn({ server: event.server }, 'disconnected from NATS');
      case 'reconnected':
        this.failures.clear();
        return logger.info({ server: event.server }, 'reconnected to NATS');
      case 'lameDuck':
        return logger.warn({ server: event.server }, 'the NATS server is shutting down (lame duck mode)');
      case 'violation':
        if (this.isExpected(event)) return logger.debug({ subject: event.subject }, 'not permitted, and not needed');
        return this.addViolation(event);
      case 'authenticationFailed':
        if (this.failures.has(event.reason)) return;
        this.failures.add(event.reason);
        return logger.error({ reason: event.reason }, 'NATS refused the credentials');
      case 'slowConsumer':
        return logger.warn({ reason: event.reason }, 'slow consumer');
      case 'serverError':
        return logger.error({ reason: event.reason }, 'the NATS server reported an error');
    }
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private addViolation({ operation, subject, queue }: Violation): void {
    this.timer ??= setTimeout(() => this.closeWindow(), WINDOW).unref();
    if (++this.violations > VIOLATIONS) return;
    const what = operation === 'publish' ? 'publish to' : 'subscribe to';
    this.logger.error(
      { operation, subject, ...(queue !== undefined && { queue }) },
      `the NATS server does not permit this user to ${what} ${subject}`,
    );
  }

  private closeWindow(): void {
    const count = this.violations - VIOLATIONS;
    this.timer = undefined;
    this.violations = 0;
    if (count > 0) this.logger.error({ count }, `${count} more permission violations in ${WINDOW / 1000} seconds`);
  }
}
