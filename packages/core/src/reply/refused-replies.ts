import type { Logger } from '../define/logger';

/** Milliseconds between two log lines, so that hostile messages cannot fill the log. */
const INTERVAL = 10_000;

/** Tells the log of requests that were refused for the reply subject that they name. */
export class RefusedReplies {
  private count = 0;
  private loggedAt = -Infinity;

  constructor(
    private readonly logger: Logger,
    private readonly where: string,
  ) {}

  add(subject: string, problem: string): void {
    this.count++;
    const now = performance.now();
    if (now - this.loggedAt < INTERVAL) return;
    const line = { endpoint: this.where, replySubject: subject, requests: this.count };
    this.loggedAt = now;
    this.count = 0;
    this.logger.warn(line, `request refused: ${problem}`);
  }
}
