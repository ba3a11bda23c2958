/** A message that outlives the callback which brought it. */
export interface PendingMessage {
  /** Goes on after waiting for a place. */
  resume(): void;
  /** Ends it with 503, because the service is made to stop. */
  abandon(): void;
  /** Its place in the list. */
  before: PendingMessage | undefined;
  after: PendingMessage | undefined;
  isListed: boolean;
}

/**
 * The messages of a service that wait or whose handlers are not finished.
 * A linked list: a Set of messages that come and go all the time makes garbage, a fifth of an async message's cost.
 */
export class ActiveMessages {
  private first: PendingMessage | undefined;
  private whenIdle: (() => void)[] = [];

  add(message: PendingMessage): void {
    if (message.isListed) return;
    message.isListed = true;
    message.after = this.first;
    if (this.first !== undefined) this.first.before = message;
    this.first = message;
  }

  delete(message: PendingMessage): void {
    if (!message.isListed) return;
    const { before, after } = message;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    message.before = message.after = undefined;
    message.isListed = false;
    if (this.first !== undefined || this.whenIdle.length === 0) return;
    const waiting = this.whenIdle;
    this.whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when no message is left. */
  idle(): Promise<void> {
    return this.first === undefined ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Ends all of them with 503. */
  abandonAll(): void {
    const messages: PendingMessage[] = [];
    for (let message = this.first; message !== undefined; message = message.after) messages.push(message);
    for (const message of messages) message.abandon();
  }
}
