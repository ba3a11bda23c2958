import { type Authenticator, Grant } from './auth';
import { checkConnect, type ConnectOptions, DEFAULT_OPTIONS, readConnect } from './connect';
import { deliver, type Subscriber, type Subscription } from './delivery';
import { type Operations, ProtocolError, type Publication } from './operations';
import { isLiteralSubject, isValidSubject } from './subjects';
import type { SubscriptionIndex } from './subscriptions';

/** What a session needs of its connection. */
export interface Peer {
  send(line: string, payload?: Buffer): void;
  /** Tells the log of something that the client did wrong and that does not end its connection. */
  warn(message: string): void;
  connected(options: ConnectOptions): void;
  subscribed(): void;
  /** The client has published what it may. */
  published(publication: Publication): void;
  answered(): void;
}

/** The protocol as one client speaks it: what each operation does, and what it answers. */
export class Session implements Operations, Subscriber {
  options: ConnectOptions = DEFAULT_OPTIONS;
  grant: Grant;
  private readonly subscriptions = new Map<string, Subscription>();
  private isConnected = false;

  constructor(
    private readonly peer: Peer,
    private readonly index: SubscriptionIndex<Subscription>,
    private readonly authenticator: Authenticator,
  ) {
    this.grant = new Grant();
  }

  send(line: string, payload?: Buffer): void {
    this.peer.send(line, payload);
  }

  connect(json: string): void {
    this.options = readConnect(json, this.options);
    if (this.isConnected) this.close();
    this.isConnected = true;
    const grant = this.authenticator.admit(this.options);
    if (!grant) throw new ProtocolError('wrong credentials', 'Authorization Violation');
    this.grant = grant;
    checkConnect(this.options);
    this.peer.connected(this.options);
    this.acknowledge();
  }

  publish(publication: Publication): void {
    const { subject } = publication;
    if (this.options.pedantic && !isLiteralSubject(subject)) this.refuse('Invalid Publish Subject');
    if (!this.grant.mayPublish(subject)) {
      this.refuse(`Permissions Violation for Publish to ${quote(subject)}`);
      return;
    }
    this.acknowledge();
    this.peer.published(publication);
    deliver(this.index, this, publication);
  }

  subscribe(subject: string, queue: string | undefined, sid: string): void {
    if (!this.grant.maySubscribe(subject)) {
      const using = queue === undefined ? '' : ` using queue ${quote(queue)}`;
      this.refuse(`Permissions Violation for Subscription to ${quote(subject)}${using}`);
      return;
    }
    if (!this.subscriptions.has(sid)) {
      if (!isValidSubject(subject)) {
        this.refuse('Invalid Subject');
        return;
      }
      const subscription: Subscription = {
        session: this,
        subject,
        queue,
        sid,
        max: 0,
        delivered: 0,
        closed: false,
        take: undefined,
      };
      this.subscriptions.set(sid, subscription);
      this.index.add(subscription);
      this.peer.subscribed();
    }
    this.acknowledge();
  }

  unsubscribe(sid: string, max: number): void {
    const subscription = this.subscriptions.get(sid);
    if (subscription && max > subscription.delivered) subscription.max = max;
    else if (subscription) this.remove(subscription);
    this.acknowledge();
  }

  ping(): void {
    this.send('PONG\r\n');
  }

  pong(): void {
    this.peer.answered();
  }

  /** Ends one subscription. */
  remove(subscription: Subscription): void {
    subscription.closed = true;
    this.subscriptions.delete(subscription.sid);
    this.index.delete(subscription);
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscription of this.subscriptions.values()) this.remove(subscription);
  }

  private acknowledge(): void {
    if (this.options.verbose) this.send('+OK\r\n');
  }

  private refuse(reason: string): void {
    this.peer.warn(reason);
    this.send(`-ERR '${Buffer.from(reason).toString('latin1')}'\r\n`);
  }
}

/** A byte string in quotes, as Go's %q writes it. */
function quote(bytes: string): string {
  return JSON.stringify(Buffer.from(bytes, 'latin1').toString());
}
