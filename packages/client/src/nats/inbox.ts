import {
  delay,
  ConnectionEvents,
  inboxPrefixOf,
  isInbox,
  joinMoves,
  PermissionError,
  randomToken,
  type Connection,
  type ConnectionEvent,
  type HeaderLines,
  type Message,
  type Mover,
  type Subscription,
} from '@natsmith/protocol';
import { Outlet, type Headers } from './outlet';
import { CallAddress, hand, refusalIn, type Address, type Receiver } from './receiver';

/** Milliseconds between two looks whether the replies are there. */
const POLL = 5;

/** The reply subjects of one client: those of calls behind one subscription, those of streams each with its own. */
export class Inbox implements Mover {
  /** The prefix of the reply subjects of calls. */
  readonly prefix: string;
  /** Prefixes of the inboxes that control messages may be sent to: this connection's own, and those of the options. */
  readonly inboxes: readonly string[];
  /** Where the client's messages go out. */
  readonly outlet: Outlet;
  private readonly root: string;
  private readonly receivers = new Map<string, Receiver>();
  private readonly streams = new Map<Subscription, Receiver>();
  private subscription: Subscription | undefined;
  private stopListening: (() => void) | undefined;
  /** Requests that wait for the connection to be on another server. */
  private held: { readonly address: Address; readonly send: () => void }[] | undefined;

  /** @param inboxes prefixes of inboxes of services, besides `_INBOX.`, `_R_.` and the connection's own */
  constructor(
    readonly connection: Connection,
    inboxes: readonly string[] = [],
  ) {
    this.root = `${inboxPrefixOf(connection)}.`;
    this.prefix = `${this.root}${randomToken()}.`;
    this.inboxes = [this.root, ...inboxes];
    this.outlet = new Outlet(connection);
  }

  /** A reply subject for one call; from it no other can be guessed. */
  open(receiver: Receiver): Address {
    this.begin();
    this.subscription ??= this.subscribeCalls();
    const token = randomToken();
    this.receivers.set(token, receiver);
    return new CallAddress(this.receivers, this.prefix, token, receiver);
  }

  /**
   * A reply subject with a subscription of its own, for a stream: when it is closed, the server sends nothing of it any
   * more, and the producer learns that nobody listens.
   */
  listen(receiver: Receiver): Address {
    const subject = this.root + randomToken();
    return { subject, receiver, close: this.subscribe(subject, undefined, receiver) };
  }

  /** Subscribes to a subject, and returns the function that unsubscribes; a refusal of the server goes to `onError`. */
  subscribe(subject: string, queue: string | undefined, receiver: Receiver): () => void {
    this.begin();
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
   * Publishes an event, and resolves when the server has accepted it.
   * @throws PermissionError when the server forbids it
   */
  async publishEvent(subject: string, body: Uint8Array, lines: HeaderLines): Promise<void> {
    this.begin();
    return this.outlet.publishEvent(subject, body, lines);
  }

  /** Whether something may be published to a subject that a message names. */
  allows(subject: string): boolean {
    return isInbox(subject, this.inboxes);
  }

  /** How many calls and other requests wait. */
  get waiting(): number {
    return this.receivers.size;
  }

  /** Publishes what begins something new; not while the connection moves to another server, but then. */
  request(address: Address, subject: string, body: Uint8Array, headers?: Headers, advice?: string): void {
    const send = (): void => this.outlet.publish(subject, body, { reply: address.subject, headers }, advice);
    if (this.held === undefined) send();
    else this.held.push({ address, send });
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
    for (const { address, send } of held)
      try {
        // What nobody waits for any more is not sent.
        if (waiting.has(address.receiver)) send();
      } catch (error) {
        address.receiver.onError(error as Error);
      }
  }

  /** Ends everything that waits. */
  close(error: Error): void {
    const reason = this.outlet.close(error);
    this.stopListening?.();
    for (const receiver of [...this.receivers.values(), ...this.streams.values()]) receiver.onError(reason);
    this.receivers.clear();
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe();
  }

  /** @throws Error when the client or its connection is closed */
  private begin(): void {
    this.outlet.checkOpen();
    this.stopListening ??= this.watchConnection();
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
    this.outlet.refuse(event.subject);
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
