import { nuid } from '@nats-io/nuid';
import {
  ConnectionEvents,
  HEARTBEAT_HEADER,
  PermissionError,
  SEQUENCE_HEADER,
  violationIn,
  type Connection,
  type ConnectionEvent,
  type Message,
  type Subscription,
} from '@natsmith/protocol';

/** What a reply subject leads to. */
export interface Receiver {
  /** Where it publishes to: where the server does not permit that, no reply can come. */
  readonly to?: string | undefined;
  onMessage(message: Message): void;
  /** No message will come any more: the connection or the client is closed, or the server refuses the subscription. */
  onError(error: Error): void;
}

/** A reply subject, until it is closed. */
export interface Address {
  readonly subject: string;
  close(): void;
}

/** The reply subjects of one client, all behind one subscription. */
export class Inbox {
  /** What its reply subjects begin with. */
  readonly prefix: string;
  private readonly receivers = new Map<string, Receiver>();
  private subscription: Subscription | undefined;
  private stopListening: (() => void) | undefined;
  private lastToken = 0;
  private ended: Error | undefined;

  constructor(private readonly connection: Connection) {
    // Both libraries keep their options there; users with permissions on a prefix of their own depend on it.
    const { options } = connection as { options?: { inboxPrefix?: string } };
    this.prefix = `${options?.inboxPrefix ?? '_INBOX'}.${nuid.next()}.`;
  }

  open(receiver: Receiver): Address {
    if (this.ended !== undefined) throw this.ended;
    this.stopListening ??= this.watchConnection();
    this.subscription ??= this.subscribe();
    const token = (++this.lastToken).toString(36);
    this.receivers.set(token, receiver);
    return { subject: this.prefix + token, close: () => void this.receivers.delete(token) };
  }

  /** Bytes. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? Infinity;
  }

  /** Publishes; the error for a message over the server's limit says so. @param advice what to do then */
  publish(
    subject: string,
    body: Uint8Array,
    options: { reply?: string; headers?: { encode(): Uint8Array } } = {},
    advice = 'send it in parts, or raise max_payload',
  ): void {
    if (this.ended !== undefined) throw this.ended;
    try {
      this.connection.publish(subject, body, options);
    } catch (cause) {
      const size = body.length + (options.headers?.encode().length ?? 0);
      if (size <= this.maxPayload) throw cause;
      throw new Error(
        `a message of ${size} bytes for ${subject} is over the server's max_payload (${this.maxPayload} bytes); ${advice}`,
        { cause },
      );
    }
  }

  /** Resolves when the server has all that was published. */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /** Says something to the other end of a stream; one that cannot be reached finds out by itself. */
  speak(control: string, words: string): void {
    try {
      this.publish(control, Buffer.from(words));
    } catch {
      // The connection is closed, and so is everything on it.
    }
  }

  /** Ends everything that waits. */
  close(error: Error): void {
    this.ended ??= error;
    this.stopListening?.();
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe();
    this.failAll(this.ended);
  }

  private watchConnection(): () => void {
    void this.connection
      .closed()
      .then((error) =>
        this.close(
          new Error('the connection to NATS is closed', error instanceof Error ? { cause: error } : undefined),
        ),
      );
    return ConnectionEvents.of(this.connection).listen((event) => this.onEvent(event));
  }

  /** Client libraries report what the server does not permit on their status, and let the call wait for its timeout. */
  private onEvent(event: ConnectionEvent): void {
    if (event.type !== 'violation' || event.operation !== 'publish') return;
    for (const [token, receiver] of [...this.receivers]) {
      if (receiver.to !== event.subject) continue;
      this.receivers.delete(token);
      receiver.onError(new PermissionError('publish', event.subject));
    }
  }

  private subscribe(): Subscription {
    const callback = (error: Error | null, message: Message): void => {
      if (error !== null) {
        // Refused by the server, for example for want of permission: the next call tries again.
        this.subscription = undefined;
        const violation = violationIn(error);
        this.failAll(
          violation === undefined
            ? error
            : new PermissionError(violation.operation, violation.subject, { cause: error }),
        );
        return;
      }
      const receiver = this.receivers.get(message.subject.slice(this.prefix.length));
      if (receiver === undefined) this.leaveStream(message);
      else receiver.onMessage(message);
    };
    return this.connection.subscribe(`${this.prefix}*`, { callback });
  }

  /** An item of a stream that nobody reads any more: its producer has not heard of that, or never could. */
  private leaveStream({ reply, headers }: Message): void {
    if (!reply || headers === undefined || this.ended !== undefined) return;
    if (![SEQUENCE_HEADER, HEARTBEAT_HEADER].some((name) => headers.values(name).length > 0)) return;
    this.speak(reply, 'cancel');
  }

  private failAll(error: Error): void {
    const receivers = [...this.receivers.values()];
    this.receivers.clear();
    for (const receiver of receivers) receiver.onError(error);
  }
}
