import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import {
  ConnectionEvents,
  CreditBudget,
  headerBlock,
  isInbox,
  joinMoves,
  PermissionError,
  randomToken,
  violationIn,
  type Connection,
  type ConnectionEvent,
  type Message,
  type Mover,
  type Subscription,
} from '@natsmith/protocol';

/** Milliseconds between two looks whether the replies are there. */
const POLL = 5;
/** Milliseconds that a publish waits for the server's word. */
const PATIENCE = 2_000;

/** What a nats-server takes unless it is set otherwise. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

/** What a reply subject leads to. */
export interface Receiver {
  /** Where it publishes to: where the server does not permit that, no reply can come. */
  readonly to?: string | undefined;
  /** Whether it waits for a reply that comes soon, so that a connection waits with it before it moves. */
  readonly isCall?: boolean;
  onMessage(message: Message): void;
  /** The connection was away, and messages may be lost. */
  onReconnected?(): void;
  /** No message will come any more: the connection or the client is closed, or the server refuses the subscription. */
  onError(error: Error): void;
}

/** A reply subject, until it is closed. */
export interface Address {
  readonly subject: string;
  readonly receiver: Receiver;
  close(): void;
}

/** What follows the events of one client whose server has not yet said whether it takes them. */
interface Publishing {
  readonly to: string;
  onError(error: Error): void;
}

type Publication = [subject: string, body: Uint8Array, headers?: PublishOptions['headers'], advice?: string];

interface PublishOptions {
  readonly reply?: string;
  readonly headers?: { encode(): Uint8Array } | undefined;
}

/** The reply subjects of one client: those of calls behind one subscription, those of streams each with its own. */
export class Inbox implements Mover {
  /** What the reply subjects of calls begin with. */
  readonly prefix: string;
  /** What those of all natsmith's clients on this connection begin with, and of other prefixes that may be spoken to. */
  readonly inboxes: readonly string[];
  /** Of all clients and services on this connection. */
  readonly budget: CreditBudget;
  private readonly root: string;
  private readonly receivers = new Map<string, Receiver>();
  private readonly streams = new Map<Subscription, Receiver>();
  private readonly publishing = new Set<Publishing>();
  private flushing: Promise<void> | undefined;
  private subscription: Subscription | undefined;
  private stopListening: (() => void) | undefined;
  private ended: Error | undefined;
  /** Requests that wait for the connection to be on another server. */
  private held: { address: Address; publication: Publication }[] | undefined;

  /** @param inboxes prefixes of inboxes of services, besides `_INBOX.`, `_R_.` and the connection's own */
  constructor(
    private readonly connection: Connection,
    inboxes: readonly string[] = [],
  ) {
    // Both libraries keep their options there; users with permissions on a prefix of their own depend on it.
    const { options } = connection as { options?: { inboxPrefix?: string } };
    this.root = `${options?.inboxPrefix ?? '_INBOX'}.`;
    this.prefix = `${this.root}${randomToken()}.`;
    this.inboxes = [this.root, ...inboxes];
    this.budget = CreditBudget.of(connection);
  }

  /** A reply subject for one call. Whoever knows it knows no other. */
  open(receiver: Receiver): Address {
    if (this.ended !== undefined) throw this.ended;
    this.stopListening ??= this.watchConnection();
    this.subscription ??= this.subscribeCalls();
    const token = randomToken();
    this.receivers.set(token, receiver);
    return { subject: this.prefix + token, receiver, close: () => void this.receivers.delete(token) };
  }

  /**
   * A reply subject with a subscription of its own, for a stream: when it is closed, the server sends nothing of it any
   * more, and tells the producer that nobody listens.
   */
  listen(receiver: Receiver): Address {
    if (this.ended !== undefined) throw this.ended;
    this.stopListening ??= this.watchConnection();
    const subject = this.root + randomToken();
    const subscription = this.connection.subscribe(subject, {
      callback: (error: Error | null, message: Message) => {
        if (error === null) return hand(message, receiver);
        this.streams.delete(subscription);
        receiver.onError(refusalIn(error));
      },
    });
    this.streams.set(subscription, receiver);
    const close = (): void => {
      if (this.streams.delete(subscription) && !subscription.isClosed()) subscription.unsubscribe();
    };
    return { subject, receiver, close };
  }

  /** Subscribes to a subject, and gives the way to leave it; a refusal of the server goes to `onError`. */
  subscribe(subject: string, queue: string | undefined, receiver: Receiver): () => void {
    if (this.ended !== undefined) throw this.ended;
    this.stopListening ??= this.watchConnection();
    const subscription = this.connection.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error: Error | null, message: Message) => {
        if (error === null) return hand(message, receiver);
        this.streams.delete(subscription);
        receiver.onError(refusalIn(error));
      },
    });
    this.streams.set(subscription, receiver);
    return () => {
      if (this.streams.delete(subscription) && !subscription.isClosed()) subscription.unsubscribe();
    };
  }

  /**
   * Publishes, and resolves when the server has taken it; all that is published in one turn waits for one answer.
   * @throws PermissionError when the server forbids it
   */
  async publishEvent(subject: string, body: Uint8Array, lines: Iterable<readonly [string, string]>): Promise<void> {
    if (this.ended !== undefined) throw this.ended;
    this.stopListening ??= this.watchConnection();
    const headers = headerBlock(lines);
    const publishing = { to: subject, onError: (_: Error): void => undefined };
    const refused = new Promise<never>((_, reject) => (publishing.onError = reject));
    this.publishing.add(publishing);
    try {
      this.publish(subject, body, { headers });
      await Promise.race([refused, this.taken()]);
    } finally {
      this.publishing.delete(publishing);
    }
  }

  /** Resolves when the server has had the time to refuse what was published until now. */
  private taken(): Promise<void> {
    this.flushing ??= nextTurn().then(async () => {
      this.flushing = undefined;
      // While the link is cut, the client library keeps what was published, and sends it later.
      await Promise.race([this.connection.flush().catch(() => undefined), delay(PATIENCE, undefined, { ref: false })]);
      // The libraries hand out a violation some microtasks later than the answer that follows it.
      await nextTurn();
    });
    return this.flushing;
  }

  /** Whether something may be published to a subject that a message names. */
  allows(subject: string): boolean {
    return isInbox(subject, this.inboxes);
  }

  /** How many calls and other requests wait. */
  get waiting(): number {
    return this.receivers.size;
  }

  /** Bytes. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  /** Publishes; the error for a message over the server's limit says so. @param advice what to do then */
  publish(
    subject: string,
    body: Uint8Array,
    options: PublishOptions = {},
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

  /** Publishes what begins something new; not while the connection moves to another server, but then. */
  request(address: Address, ...publication: Publication): void {
    if (this.held !== undefined) return void this.held.push({ address, publication });
    const [subject, body, headers, advice] = publication;
    this.publish(subject, body, { reply: address.subject, headers }, advice);
  }

  async hold(): Promise<void> {
    this.held ??= [];
    const waiting = [...this.receivers].filter(([, { isCall }]) => isCall).map(([token]) => token);
    while (this.held !== undefined && waiting.some((token) => this.receivers.has(token))) await delay(POLL);
  }

  arrive(): void {
    const held = this.held ?? [];
    this.held = undefined;
    const waiting = new Set([...this.receivers.values(), ...this.streams.values()]);
    for (const { address, publication } of held)
      try {
        // What nobody waits for any more is not sent.
        if (waiting.has(address.receiver)) this.request(address, ...publication);
      } catch (error) {
        address.receiver.onError(error as Error);
      }
  }

  /** Resolves when the server has all that was published. */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /**
   * Says something to the other end of a stream; one that cannot be reached finds out by itself.
   * @param reply where its answer is to go
   */
  sendControl(control: string, words: string, reply?: string): void {
    try {
      const options = reply === undefined ? undefined : { reply };
      // Also of a client that is being closed: its producers are to hear of it.
      this.connection.publish(control, Buffer.from(words), options);
    } catch {
      // The connection is closed, and so is everything on it.
    }
  }

  /** Ends everything that waits. */
  close(error: Error): void {
    this.ended ??= error;
    this.stopListening?.();
    for (const receiver of [...this.receivers.values(), ...this.streams.values(), ...this.publishing])
      receiver.onError(this.ended);
    this.receivers.clear();
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe();
  }

  private watchConnection(): () => void {
    void this.connection
      .closed()
      .then((error) =>
        this.close(
          new Error('the connection to NATS is closed', error instanceof Error ? { cause: error } : undefined),
        ),
      );
    const stopListening = ConnectionEvents.of(this.connection).listen((event) => this.onEvent(event));
    const leaveMoves = joinMoves(this.connection, this);
    return () => {
      stopListening();
      leaveMoves();
    };
  }

  /** Client libraries report what the server does not permit on their status, and let the call wait for its timeout. */
  private onEvent(event: ConnectionEvent): void {
    if (event.type === 'reconnected')
      for (const receiver of [...this.receivers.values(), ...this.streams.values()]) receiver.onReconnected?.();
    if (event.type !== 'violation' || event.operation !== 'publish') return;
    for (const publishing of this.publishing)
      if (publishing.to === event.subject) publishing.onError(new PermissionError('publish', event.subject));
    const all = [...this.receivers.entries(), ...this.streams.entries()];
    for (const [key, receiver] of all) {
      if (receiver.to !== event.subject) continue;
      if (typeof key === 'string') this.receivers.delete(key);
      receiver.onError(new PermissionError('publish', event.subject));
    }
  }

  private subscribeCalls(): Subscription {
    const callback = (error: Error | null, message: Message): void => {
      if (error !== null) {
        // Refused by the server, for example for want of permission: the next call tries again.
        this.subscription = undefined;
        const receivers = [...this.receivers.values()];
        this.receivers.clear();
        for (const receiver of receivers) receiver.onError(refusalIn(error));
        return;
      }
      const receiver = this.receivers.get(message.subject.slice(this.prefix.length));
      if (receiver !== undefined) hand(message, receiver);
    };
    return this.connection.subscribe(`${this.prefix}*`, { callback });
  }
}

/** The error for a subscription that the server refuses. */
function refusalIn(error: Error): Error {
  const violation = violationIn(error);
  if (violation === undefined) return error;
  return new PermissionError(violation.operation, violation.subject, { cause: error });
}

/** Whatever a message does to its receiver, it ends that alone: thrown in a subscription, it would end the connection. */
function hand(message: Message, receiver: Receiver): void {
  try {
    receiver.onMessage(message);
  } catch (error) {
    receiver.onError(error instanceof Error ? error : new Error(String(error)));
  }
}
