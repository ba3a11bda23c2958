import type { Limited } from './limiter';
import { LinkedList, type Linked } from './linked-list';

/** A message that outlives the callback which brought it. */
export interface PendingMessage extends Linked<PendingMessage>, Limited<PendingMessage> {
  /** Goes on after waiting for a place. */
  resume(): void;
  /** Ends it with 503, because the service is made to stop. */
  abandon(): void;
}

/** The messages of a service that wait or whose handlers are not finished. */
export class ActiveMessages extends LinkedList<PendingMessage> {
  private whenIdle: (() => void)[] = [];

  override delete(message: PendingMessage): boolean {
    const wasListed = super.delete(message);
    if (this.size > 0 || this.whenIdle.length === 0) return wasListed;
    const waiting = this.whenIdle;
    this.whenIdle = [];
    for (const resolve of waiting) resolve();
    return wasListed;
  }

  /** Resolves when no message is left. */
  idle(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Ends all of them with 503. */
  abandonAll(): void {
    for (const message of [...this]) message.abandon();
  }
}
