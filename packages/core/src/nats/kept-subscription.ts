import { ConnectionEvents, type ConnectionEvent } from '@natsmith/protocol';
import type { ReceivedMessage } from '../pipeline/message';
import { callbackOf } from './callback';
import type { Connection, Subscription } from './connection';

/** What a subscription reports. */
export interface Receiver {
  onMessage(message: ReceivedMessage): void;
  /** The server refuses the subject, or has revoked its permission; it is asked again. */
  onLost(error: Error): void;
  /** The server has accepted the subject after all. */
  onRestored(): void;
  /** Told of what handling a message threw; never throws itself. */
  onFault(thrown: unknown): void;
}

/** Milliseconds until the server is asked again, doubled each time; grants come by hand, so seconds are soon enough. */
const FIRST_RETRY = 100;
const LAST_RETRY = 15_000;

/**
 * A subscription that the server may end, by taking back a permission, and that comes back when it may. Messages come by
 * callback: iterators cost three times as much for each message.
 */
export class KeptSubscription implements Subscription {
  private subscription: Subscription;
  private lost = false;
  /** Whether the server has refused the latest attempt. */
  private isRefused = false;
  private isEnded = false;
  private isPaused = false;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly stopListening: () => void;

  constructor(
    private readonly connection: Connection,
    private readonly subject: string,
    private readonly queue: string,
    private readonly receiver: Receiver,
  ) {
    this.stopListening = ConnectionEvents.of(connection).listen((event) => this.onEvent(event));
    this.subscription = this.subscribe();
  }

  /** Whether the server has refused it, and has not accepted it since. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Leaves the subject for a while; resolves when every message that was under way has been delivered. */
  async pause(): Promise<void> {
    this.isPaused = true;
    clearTimeout(this.timer);
    if (!this.subscription.isClosed()) await this.subscription.drain();
  }

  /** Takes messages again after a pause. */
  resume(): void {
    if (!this.isPaused || this.isClosed()) return;
    this.isPaused = false;
    if (this.isLost) this.retryIn(0);
    else this.subscription = this.subscribe();
  }

  unsubscribe(): void {
    this.end();
    if (!this.subscription.isClosed()) this.subscription.unsubscribe();
  }

  async drain(): Promise<void> {
    this.end();
    if (!this.subscription.isClosed()) await this.subscription.drain();
  }

  isClosed(): boolean {
    return this.isEnded || this.connection.isClosed();
  }

  private end(): void {
    this.isEnded = true;
    clearTimeout(this.timer);
    this.stopListening();
  }

  private subscribe(): Subscription {
    const { connection, subject, queue, receiver } = this;
    const callback = callbackOf<ReceivedMessage>({
      ...receiver,
      onError: (error) => {
        if (this.isLost) this.isRefused = true;
        else this.lose(error);
      },
    });
    return connection.subscribe(subject, queue === '' ? { callback } : { queue, callback });
  }

  private onEvent(event: ConnectionEvent): void {
    if (event.type === 'reconnected' && this.isLost) {
      // Another server, or the same one with another configuration.
      this.attempts = 0;
      this.retryIn(0);
    }
    if (event.type !== 'violation' || event.operation !== 'subscription' || event.subject !== this.subject) return;
    // Both client libraries overlook a queue subscription that the server ends, because it does not name the queue then.
    if (event.queue === undefined || event.queue === this.queue)
      this.lose(new Error(`permissions violation for subscription to "${this.subject}"`));
  }

  private lose(error: Error): void {
    if (this.isLost || this.isEnded) return;
    this.lost = true;
    this.receiver.onLost(error);
    this.retryIn(FIRST_RETRY);
  }

  private retryIn(delay: number): void {
    clearTimeout(this.timer);
    if (!this.isPaused) this.timer = setTimeout(() => void this.retry(), delay).unref();
  }

  private async retry(): Promise<void> {
    if (this.isClosed() || this.isPaused) return;
    this.isRefused = false;
    try {
      if (!this.subscription.isClosed()) this.subscription.unsubscribe();
      this.subscription = this.subscribe();
      // The server works in order: when it answers the flush, it has accepted or refused the subscription.
      await this.connection.flush();
    } catch {
      this.isRefused = true; // the connection is away; when it is back, the next attempt is made
    }
    if (this.isClosed() || this.isPaused) return;
    if (this.isRefused) return this.retryIn(Math.min(FIRST_RETRY * 2 ** ++this.attempts, LAST_RETRY));
    this.lost = false;
    this.attempts = 0;
    this.receiver.onRestored();
  }
}
