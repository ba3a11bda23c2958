import {
  ConnectionEvents,
  inboxPrefixOf,
  joinMoves,
  maxPayloadOf,
  PermissionError,
  randomToken,
  violationIn,
  type Connection,
  type ConnectionEvent,
  type Message,
  type Mover,
  type Subscription,
} from '@natsmith/protocol';
import { acknowledgementIn, type PublishReceipt } from './acknowledgement';
import type { Publication } from './publication';
import { NO_STREAM, PublishError, UnacknowledgedError } from './publish-error';
import { isStored } from './stored';

// A nats-server that has 10,000 messages or 128 MB waiting for one stream begins to refuse more.
const MAX_IN_FLIGHT = 4_096;
const MAX_BYTES = 64 * 1024 * 1024;
/**
 * Milliseconds between two looks at what waits. What has waited for two of them makes the server be asked whether a
 * stream stores the subject; what ends before the next one gets a timer of its own.
 */
const LOOK = 250;

const ONLY_SUBSCRIBERS =
  'there are only subscribers, which have got the event. Declare a stream with eventStream() and let ensureStreams() ' +
  'or a service create it';

const windows = new WeakMap<Connection, PublishWindow>();

/**
 * The publishes of a connection that wait for their acknowledgements, behind one subscription. What is published in one
 * turn of the event loop goes out together. What a lost link leaves in doubt is sent again where it has a message id.
 */
export class PublishWindow implements Mover {
  private readonly prefix: string;
  /** Sent, by token. */
  private readonly inFlight = new Map<string, Publication>();
  private bytes = 0;
  private readonly waiting = new Set<Publication>();
  private subscription: Subscription | undefined;
  private isTurnOpen = false;
  private isHeld = false;
  private isAsking = false;
  private whenEmpty: (() => void) | undefined;
  private ended: Error | undefined;
  private looking: NodeJS.Timeout | undefined;
  private readonly look = (): void => this.lookAtAll();
  private readonly sendNow = (): void => this.send();
  private readonly endTurn = (): void => {
    this.isTurnOpen = false;
    this.send();
  };

  static of(connection: Connection): PublishWindow {
    let window = windows.get(connection);
    if (window === undefined) windows.set(connection, (window = new PublishWindow(connection)));
    return window;
  }

  private constructor(private readonly connection: Connection) {
    this.prefix = `${inboxPrefixOf(connection)}.${randomToken()}.`;
    ConnectionEvents.of(connection).listen((event) => this.onEvent(event));
    joinMoves(connection, this);
    void connection.closed().then((cause) => this.end(cause));
  }

  /**
   * Resolves when a stream has stored it.
   * @throws PublishError when there is no stream, or it refuses
   * @throws UnacknowledgedError when it may be stored or not
   */
  publish(publication: Publication): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) throw this.ended;
      if (this.connection.isClosed()) throw new Error('the connection to NATS is closed');
      publication.signal?.throwIfAborted();
      publication.checkSize(maxPayloadOf(this.connection));
      publication.resolve = resolve;
      publication.reject = reject;
      const { startedAt, expiresAt, signal } = publication;
      if (expiresAt - startedAt <= LOOK) this.expireInTime(publication, startedAt);
      else this.looking ??= setTimeout(this.look, LOOK).unref();
      if (signal !== undefined) {
        publication.onAbort = () => this.fail(publication, signal.reason as Error);
        signal.addEventListener('abort', publication.onAbort, { once: true });
      }
      this.waiting.add(publication);
      if (this.isTurnOpen) return;
      this.isTurnOpen = true;
      queueMicrotask(this.sendNow);
      setImmediate(this.endTurn);
    });
  }

  /** How many wait for an acknowledgement, or to be sent. */
  get size(): number {
    return this.inFlight.size + this.waiting.size;
  }

  /** The connection is about to move: what has been sent is waited for, the rest is sent afterwards. */
  hold(): Promise<void> {
    this.send();
    this.isHeld = true;
    if (this.inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.whenEmpty = resolve));
  }

  arrive(): void {
    this.isHeld = false;
    this.send();
  }

  private get isConnected(): boolean {
    return ConnectionEvents.of(this.connection).status === 'connected';
  }

  private send(): void {
    if (this.waiting.size === 0 || this.isHeld) return;
    // What a client library is given between two connections is lost.
    if (!this.isConnected) return;
    for (const pending of this.waiting) {
      if (this.inFlight.size >= MAX_IN_FLIGHT || (this.bytes > 0 && this.bytes + pending.size > MAX_BYTES)) return;
      this.waiting.delete(pending);
      this.inFlight.set(pending.token, pending);
      this.bytes += pending.size;
      this.sendOne(pending);
    }
  }

  private sendOne(pending: Publication): void {
    try {
      this.subscription ??= this.subscribe();
      const reply = this.prefix + pending.token;
      const { subject, body, headers } = pending;
      this.connection.publish(subject, body, { reply, headers });
    } catch (error) {
      this.fail(pending, error as Error);
    }
  }

  private subscribe(): Subscription {
    const callback = (error: Error | null, message: Message): void => {
      if (error === null) return this.onReply(message);
      // Refused by the server: the next publish tries again.
      this.subscription = undefined;
      const violation = violationIn(error);
      const refusal = violation === undefined ? error : new PermissionError(violation.operation, violation.subject);
      for (const pending of [...this.inFlight.values()]) this.fail(pending, refusal);
    };
    return this.connection.subscribe(`${this.prefix}*`, { callback });
  }

  private onReply(message: Message): void {
    const pending = this.inFlight.get(message.subject.slice(this.prefix.length));
    if (pending === undefined) return;
    const answer = acknowledgementIn(message, pending.subject);
    if (answer === undefined) return;
    this.remove(pending);
    if (answer instanceof PublishError) pending.reject(answer);
    else pending.resolve(answer);
    if (this.waiting.size > 0) this.send();
  }

  private expireInTime(pending: Publication, now: number): void {
    const { expiresAt, onTimeout } = pending;
    pending.timer ??= setTimeout(() => this.fail(pending, onTimeout()), expiresAt - now);
  }

  private lookAtAll(): void {
    this.looking = this.size > 0 ? setTimeout(this.look, LOOK).unref() : undefined;
    const now = performance.now();
    for (const pending of this.waiting) if (pending.expiresAt - now <= LOOK) this.expireInTime(pending, now);
    for (const pending of this.inFlight.values()) {
      if (pending.expiresAt - now <= LOOK) this.expireInTime(pending, now);
      if (now - pending.startedAt >= 2 * LOOK) this.ask(pending);
    }
  }

  /** Somebody listens on the subject, or the server would have said that nobody does; that need not be a stream. */
  private ask(pending: Publication): void {
    if (this.isAsking || !this.isConnected) return;
    this.isAsking = true;
    void isStored(this.connection, pending.subject).then((stored) => {
      this.isAsking = false;
      if (stored !== false) return;
      for (const other of [...this.inFlight.values()])
        if (other.subject === pending.subject)
          this.fail(other, new PublishError(other.subject, NO_STREAM, 'no stream', ONLY_SUBSCRIBERS));
    });
  }

  private fail(pending: Publication, error: Error): void {
    this.remove(pending);
    pending.reject(error);
    if (this.waiting.size > 0) this.send();
  }

  private remove(pending: Publication): void {
    if (pending.timer !== undefined) clearTimeout(pending.timer);
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort);
    if (this.inFlight.delete(pending.token)) this.bytes -= pending.size;
    else this.waiting.delete(pending);
    if (this.inFlight.size > 0 || this.whenEmpty === undefined) return;
    this.whenEmpty();
    this.whenEmpty = undefined;
  }

  private onEvent(event: ConnectionEvent): void {
    if (event.type === 'disconnected') this.onDisconnected();
    else if (event.type === 'reconnected') this.onReconnected();
    else if (event.type === 'violation' && event.operation === 'publish')
      for (const pending of [...this.inFlight.values()])
        if (pending.subject === event.subject) this.fail(pending, new PermissionError('publish', event.subject));
  }

  /** An acknowledgement that was under way will never come. */
  private onDisconnected(): void {
    for (const pending of [...this.inFlight.values()]) {
      if (pending.isRepeatable) continue;
      this.fail(
        pending,
        new UnacknowledgedError(pending.subject, 'the connection was lost before the acknowledgement'),
      );
    }
  }

  private onReconnected(): void {
    for (const pending of [...this.inFlight.values()]) this.sendOne(pending);
    this.send();
  }

  private end(cause: unknown): void {
    this.ended = new Error('the connection to NATS is closed', cause instanceof Error ? { cause } : undefined);
    for (const pending of [...this.inFlight.values()])
      this.fail(pending, new UnacknowledgedError(pending.subject, this.ended.message, { cause }));
    for (const pending of [...this.waiting]) this.fail(pending, this.ended);
  }
}
