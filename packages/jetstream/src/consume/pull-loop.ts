import {
  ConnectionEvents,
  headersIn,
  randomToken,
  type Connection,
  type Message,
  type Subscription,
} from '@natsmith/protocol';
import { nanosecondsOf } from '../nats/duration';
import { statusOf } from '../nats/status';

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

const EXPIRES = 30_000;
const HEARTBEAT = 5_000;
/** A pull is taken for lost after so many looks at it, in milliseconds from each other, that found nothing new. */
const QUIET_LOOKS = 3;
const LOOK_INTERVAL = HEARTBEAT - 1_000;
/** The priority group of exclusive consumers. */
export const GROUP = 'natsmith';
/** Milliseconds without a pull after which the server gives an exclusive consumer to another instance. */
export const PIN_TIMEOUT = 15_000;
/** Milliseconds between two pulls at most that keep the consumer: a pull that waits does not. */
const PIN_INTERVAL = PIN_TIMEOUT / 3;
const PIN_HEARTBEAT = 1_500;
const WRONG_PIN = 423;
const FIRST_RETRY = 50;
const LAST_RETRY = 5_000;

/** What the server says when a pull ends because of the pull alone, so that the next one may come at once. */
const ENDS_OF_PULL = /message size exceeds|batch completed|exceeded max/i;
const CONSUMER_GONE = /consumer deleted|consumer not found|no responders/i;

/**
 * Asks a consumer for as many messages as there is room for, and never for more. A pull that the server, the network or a
 * reconnect has swallowed is noticed by its missing heartbeats, and made again.
 */
export class PullLoop {
  /** Messages that have been asked for and have not come. */
  private asked = 0;
  private inbox: Subscription | undefined;
  private inboxSubject = '';
  private timer: NodeJS.Timeout | undefined;
  /** Whether anything has come since the last look. */
  private isHeard = false;
  private quietLooks = 0;
  private retry: NodeJS.Timeout | undefined;
  private retries = 0;
  private isLost = false;
  /** By which the server knows the holder of an exclusive consumer. */
  private pin = '';
  private pinTimer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private isPaused = false;
  private readonly stopListening: () => void;

  constructor(
    private readonly connection: Connection,
    /** `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>`. */
    private readonly subject: string,
    /** Whether one loop of all gets the messages. */
    private readonly isExclusive: boolean,
    private readonly events: PullEvents,
  ) {
    this.stopListening = ConnectionEvents.of(connection).listen((event) => {
      // What had been asked for was asked of a connection that is gone.
      if (event.type === 'reconnected') this.startAgain();
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
    const batch = this.events.room() - this.asked;
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
    clearInterval(this.timer);
    clearTimeout(this.retry);
    clearInterval(this.pinTimer);
    this.stopListening();
  }

  private subscribe(): void {
    const { options } = this.connection as { options?: { inboxPrefix?: string } };
    this.inboxSubject = `${options?.inboxPrefix ?? '_INBOX'}.${randomToken()}`;
    const inbox = this.connection.subscribe(this.inboxSubject, {
      callback: (error: Error | null, message: Message) => {
        if (error !== null) return this.fail(error);
        // What a former inbox still brings is a message as any other, but no word about the present pulls.
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
    const request = this.isExclusive
      ? {
          batch,
          expires: nanosecondsOf(PIN_INTERVAL),
          idle_heartbeat: nanosecondsOf(PIN_HEARTBEAT),
          group: GROUP,
          ...(this.pin !== '' && { id: this.pin }),
        }
      : { batch, expires: nanosecondsOf(EXPIRES), idle_heartbeat: nanosecondsOf(HEARTBEAT) };
    try {
      this.connection.publish(this.subject, Buffer.from(JSON.stringify(request)), { reply: this.inboxSubject });
    } catch {
      return; // the connection is closed, and the host with it
    }
    this.asked += batch;
    this.awaitSign();
  }

  /** A timer that each message would put off costs more than a flag that each message sets. */
  private awaitSign(): void {
    this.isHeard = true;
    this.timer ??= setInterval(() => this.look(), LOOK_INTERVAL).unref();
  }

  private look(): void {
    if (this.isHeard || this.isStopped || this.asked === 0) {
      this.isHeard = false;
      this.quietLooks = 0;
    } else if (++this.quietLooks === QUIET_LOOKS) {
      this.quietLooks = 0;
      this.fail(new Error(`the server has been silent for more than ${2 * HEARTBEAT} ms`));
    }
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
    const { code, description } = status;
    if (code === 100) return this.found();
    if (code === WRONG_PIN) {
      // Somebody else is the holder now.
      this.pin = '';
      this.asked = 0;
      this.found();
      return this.pullLater();
    }
    if (code === 404 || code === 408 || (code === 409 && ENDS_OF_PULL.test(description))) {
      this.found();
      const left = Number(headersIn(message)?.get('Nats-Pending-Messages'));
      this.asked = left >= 0 ? Math.max(0, this.asked - left) : 0;
      // A server that ends each pull at once is not asked in a circle.
      if (code === 408) this.more();
      else this.pullLater();
      return;
    }
    this.fail(new Error(`${code} ${description || (code === 503 ? 'no responders' : '')}`.trim()));
  }

  private notePin(message: Message): void {
    const pin = headersIn(message)?.get('Nats-Pin-Id');
    if (pin === undefined || pin === '' || pin === this.pin) return;
    this.pin = pin;
    this.events.onPinned();
  }

  private found(): void {
    this.awaitSign();
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
    this.startAgainLater(CONSUMER_GONE.test(error.message));
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
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.inbox?.isClosed() === false) void this.inbox.drain().catch(() => undefined);
    this.inbox = undefined;
  }
}
