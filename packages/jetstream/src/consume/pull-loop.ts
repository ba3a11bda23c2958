import type { Outlet } from '@natsmith/core';
import {
  ConnectionEvents,
  headersIn,
  inboxPrefixOf,
  PermissionError,
  randomToken,
  type Connection,
  type Message,
  type Subscription,
} from '@natsmith/protocol';
import { statusOf } from '../nats/status';
import {
  exclusivePullRequest,
  HEARTBEAT,
  GROUP,
  isConsumerGone,
  limitIn,
  meaningOf,
  PIN_INTERVAL,
  pullError,
  type PullLimits,
  pullRequest,
} from './pull-request';
import { SilenceWatch } from './silence-watch';

/** What a pull loop reports. */
export interface PullEvents {
  onMessage(message: Message): void;
  /** How many messages there is room for now; 0 for none. */
  room(): number;
  /** The consumer gives nothing for now: it is gone, or the server. Asked for again after a while. */
  onLost(error: Error): void;
  onRestored(): void;
  /** The server does not know the consumer; resolves when it can be asked again. */
  onMissing(): Promise<void>;
  /** Of an exclusive consumer: this loop is the one that gets messages from now on. */
  onPinned(): void;
}

/** A pull is taken for lost after so many looks at it, in milliseconds from each other, that found nothing new. */
const QUIET_LOOKS = 3;
const LOOK_INTERVAL = HEARTBEAT - 1_000;
const FIRST_RETRY = 50;
const LAST_RETRY = 5_000;

/**
 * Asks a consumer for as many messages as there is room for, and never for more. A pull that the server, the network or a
 * reconnect has swallowed is noticed by its missing heartbeats, and made again.
 */
export class PullLoop {
  /** Messages that have been asked for and have not come. */
  private asked = 0;
  private inbox: Subscription | undefined;
  private inboxSubject = '';
  private readonly silence = new SilenceWatch(
    LOOK_INTERVAL,
    QUIET_LOOKS,
    () => !this.isStopped && this.asked > 0,
    () => this.fail(new Error(`the server has been silent for more than ${2 * HEARTBEAT} ms`)),
  );
  private retry: NodeJS.Timeout | undefined;
  private retries = 0;
  private isLost = false;
  /** By which the server knows the holder of an exclusive consumer. */
  private pin = '';
  /** Of a consumer that somebody else has made. */
  private limits: PullLimits = {};
  private pinTimer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private isPaused = false;
  private readonly stopListening: () => void;

  constructor(
    private readonly connection: Connection,
    private readonly outlet: Outlet,
    /** `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>`. */
    private readonly subject: string,
    /** Whether one loop of all gets the messages. */
    private readonly isExclusive: boolean,
    private readonly events: PullEvents,
  ) {
    this.stopListening = ConnectionEvents.of(connection).listen((event) => {
      // What had been asked for was asked of a connection that is gone.
      if (event.type === 'reconnected') this.startAgain();
      else if (event.type === 'violation' && event.operation === 'publish' && event.subject === subject)
        this.fail(new PermissionError('publish', subject));
    });
  }

  get lost(): boolean {
    return this.isLost;
  }

  start(): void {
    this.subscribe();
    this.more();
    if (this.isExclusive) this.pinTimer = setInterval(() => this.keepPin(), PIN_INTERVAL).unref();
  }

  /** Asks for more where there is room; called when room has become free. */
  more(): void {
    if (this.isStopped || this.inbox === undefined || this.retry !== undefined) return;
    const batch = Math.min(this.events.room() - this.asked, this.limits.batch ?? Infinity);
    // Few large pulls cost less than many small ones.
    if (batch <= 0 || (this.asked > 0 && batch < this.asked)) return;
    this.pull(batch);
  }

  /** Asks for nothing for a while; resolves when all that was under way has come. */
  async pause(): Promise<void> {
    this.isPaused = true;
    const { inbox } = this;
    this.leave();
    if (inbox?.isClosed() === false) await inbox.drain().catch(() => undefined);
  }

  resume(): void {
    this.isPaused = false;
    this.startAgain();
  }

  /** Asks for nothing more; resolves when all that was under way has come. */
  async stop(): Promise<void> {
    this.end();
    if (this.inbox?.isClosed() === false) await this.inbox.drain();
    this.releasePin();
  }

  /** Another instance has the messages at once, and not after the priority time-out. */
  private releasePin(): void {
    if (this.pin === '') return;
    const subject = this.subject.replace('.MSG.NEXT.', '.UNPIN.');
    try {
      // Nobody waits for the answer: who may not do it leaves the pin to its time.
      ConnectionEvents.of(this.connection).expectRefusal('publish', subject);
      const reply = `${inboxPrefixOf(this.connection)}.${randomToken()}`;
      this.connection.publish(subject, Buffer.from(JSON.stringify({ group: GROUP })), { reply });
    } catch {
      return; // the connection is closed
    }
    this.pin = '';
  }

  abandon(): void {
    this.end();
    if (this.inbox?.isClosed() === false) this.inbox.unsubscribe();
  }

  isClosed(): boolean {
    return this.isStopped;
  }

  private end(): void {
    this.isStopped = true;
    this.silence.stop();
    clearTimeout(this.retry);
    clearInterval(this.pinTimer);
    this.stopListening();
  }

  private subscribe(): void {
    this.inboxSubject = `${inboxPrefixOf(this.connection)}.${randomToken()}`;
    const inbox = this.connection.subscribe(this.inboxSubject, {
      callback: (error: Error | null, message: Message) => {
        if (error !== null) return this.fail(error);
        // What a former inbox still brings is a message like any other, but says nothing about the present pulls.
        this.onMessage(message, inbox === this.inbox);
      },
    });
    this.inbox = inbox;
  }

  /** While there is no room, the holder of an exclusive consumer takes one message more, so that it stays the holder. */
  private keepPin(): void {
    if (this.asked === 0 && this.pin !== '' && this.inbox !== undefined && this.retry === undefined) this.pull(1);
  }

  private pull(batch: number): void {
    const { pin, limits } = this;
    const request = this.isExclusive ? exclusivePullRequest(batch, pin, limits) : pullRequest(batch, limits);
    try {
      // With the acknowledgements, in one write of the socket.
      this.outlet.publish(this.subject, request, undefined, this.inboxSubject);
    } catch {
      return; // the connection is closed, and the host with it
    }
    this.asked += batch;
    if (!this.isStopped) this.silence.heard();
  }

  private onMessage(message: Message, isPresent: boolean): void {
    const status = statusOf(message);
    if (status === undefined) {
      if (isPresent && this.asked > 0) this.asked--;
      this.found();
      if (this.isExclusive) this.notePin(message);
      this.events.onMessage(message);
      if (this.asked === 0) this.more();
      return;
    }
    if (!isPresent || this.isStopped) return;
    const meaning = meaningOf(status);
    if (meaning === 'failed') return this.fail(pullError(status));
    this.found();
    if (meaning === 'waiting') return;
    if (meaning === 'other holder') {
      this.pin = '';
      this.asked = 0;
    } else {
      const left = Number(headersIn(message)?.get('Nats-Pending-Messages'));
      this.asked = left >= 0 ? Math.max(0, this.asked - left) : 0;
      this.limits = { ...this.limits, ...limitIn(status) };
    }
    // A server that ends each pull at once is not asked in a circle.
    if (meaning === 'expired') this.more();
    else this.pullLater();
  }

  private notePin(message: Message): void {
    const pin = headersIn(message)?.get('Nats-Pin-Id');
    if (pin === undefined || pin === '' || pin === this.pin) return;
    this.pin = pin;
    this.events.onPinned();
  }

  private found(): void {
    if (!this.isStopped) this.silence.heard();
    this.retries = 0;
    if (!this.isLost) return;
    this.isLost = false;
    this.events.onRestored();
  }

  private pullLater(): void {
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      this.more();
    }, FIRST_RETRY).unref();
  }

  private fail(error: Error): void {
    if (this.isStopped) return;
    if (!this.isLost) {
      this.isLost = true;
      this.events.onLost(error);
    }
    this.startAgainLater(isConsumerGone(error));
  }

  private startAgainLater(isMissing: boolean): void {
    if (this.retry !== undefined || this.isStopped) return;
    this.leave();
    const wait = Math.min(FIRST_RETRY * 2 ** this.retries++, LAST_RETRY);
    this.retry = setTimeout(() => {
      const known = isMissing ? this.events.onMissing() : Promise.resolve();
      void known.then(
        () => this.startAgain(),
        () => {
          this.retry = undefined;
          this.startAgainLater(isMissing);
        },
      );
    }, wait).unref();
  }

  private startAgain(): void {
    if (this.isStopped || this.isPaused) return;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.leave();
    this.subscribe();
    this.more();
  }

  private leave(): void {
    this.asked = 0;
    this.silence.stop();
    if (this.inbox?.isClosed() === false) void this.inbox.drain().catch(() => undefined);
    this.inbox = undefined;
  }
}
