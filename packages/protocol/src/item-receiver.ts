import { isNoResponders, type Message } from './connection';
import {
  encodeControl,
  HEARTBEAT_HEADER,
  MISSED_HEARTBEATS,
  numberOfBareItem,
  SEQUENCE_HEADER,
  StreamError,
} from './stream';

// Of a producer that knows no credit, so that it cannot fill the memory.
const MAX_UNGRANTED = 65_536;

/** What a consumer needs to know and to do. */
export interface ReceiverSettings {
  /** Where the stream was asked for; for errors. */
  readonly subject: string;
  /** Items that may wait here to be taken. */
  readonly credit: number;
  /** Milliseconds; a producer that misses three is given up. 0: never. */
  readonly heartbeat: number;
  /** Milliseconds until the producer's first word, and the error if there is none. */
  readonly firstWithin: number;
  late(): Error;
  /** Milliseconds that a taker waits for one item; Infinity for as long as the producer lives. */
  readonly itemTimeout: number;
  /** May give a promise. */
  decode(data: Uint8Array): unknown;
  /** The error that a message carries instead of an item. */
  errorIn(message: Message): Error | undefined;
  /** Speaks to the producer. */
  speak(control: string, words: string): void;
  /** Called once, when nothing is received any more. */
  onEnd(): void;
}

/** The consuming end of a stream: grants credit as items are taken, and lets no item be lost in silence. */
export class ItemReceiver<Item> implements AsyncIterableIterator<Item, undefined> {
  private readonly queue: Uint8Array[] = [];
  private expected = 1;
  private taken = 0;
  private granted: number;
  private control: string | undefined;
  private isEnded = false;
  private error: Error | undefined;
  private heardAt = performance.now();
  private hasHeard = false;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(private readonly settings: ReceiverSettings) {
    this.granted = settings.credit;
    this.checkSilence();
  }

  /** Grants the first credit to a producer that has not spoken yet. */
  invite(control: string): void {
    this.control = control;
    this.grant();
  }

  /** Takes a message of the producer. */
  onMessage(message: Message): void {
    if (this.isEnded) return;
    this.heardAt = performance.now();
    if (!this.hasHeard) {
      this.hasHeard = true;
      clearTimeout(this.timer);
      this.checkSilence();
    }
    const { subject } = this.settings;
    if (message.reply) this.control = message.reply;
    let sequence = numberOfBareItem(message);
    if (sequence === undefined) {
      const error = this.settings.errorIn(message);
      if (error !== undefined || isNoResponders(message)) return this.end(error);
      const lastSent = message.headers?.values(HEARTBEAT_HEADER)[0];
      if (lastSent !== undefined) {
        if (Number(lastSent) !== this.expected - 1) return this.fail(this.lost(Number(lastSent)));
        return this.grant();
      }
      const number = message.headers?.values(SEQUENCE_HEADER)[0];
      if (number !== undefined) sequence = Number(number);
    }
    if (sequence !== undefined && sequence !== this.expected) return this.fail(this.lost(sequence));
    if (message.data.length === 0) return this.end();
    if (sequence === undefined)
      return this.fail(
        new StreamError(
          `${subject} answered without ${SEQUENCE_HEADER}, so with no stream; call it, and await the reply`,
          subject,
        ),
      );
    if (this.control === undefined ? this.queue.length >= MAX_UNGRANTED : this.expected > this.granted)
      return this.fail(new StreamError(`${subject} sends more items than it has credit for`, subject));
    this.expected++;
    this.queue.push(message.data);
    if (this.waiting.length > 0) this.wake();
  }

  /** Ends the stream with an error; items that were not taken are dropped. */
  abort(error: Error): void {
    if (this.isEnded && this.queue.length === 0) return;
    this.queue.length = 0;
    this.fail(error);
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const data = this.queue.shift();
    return data === undefined ? this.nextLater() : this.take(data);
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.queue.length = 0;
    if (!this.isEnded) {
      this.cancel();
      this.end();
    }
    this.error = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async nextLater(): Promise<IteratorResult<Item, undefined>> {
    if (!this.isEnded) await this.arrival();
    const data = this.queue.shift();
    if (data !== undefined) return this.take(data);
    const { error } = this;
    this.error = undefined;
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  /** One promise for an item that is here already, where an async function would make three. */
  private take(data: Uint8Array): Promise<IteratorResult<Item, undefined>> {
    this.taken++;
    const { credit } = this.settings;
    // In halves: a grant for each item would double the messages.
    if (!this.isEnded && this.taken + credit - this.granted >= credit / 2) this.grant();
    try {
      const value = this.settings.decode(data);
      if (value instanceof Promise) return value.then(itemResult<Item>, (error: unknown) => this.refuse(error));
      return Promise.resolve(itemResult(value as Item));
    } catch (error) {
      return this.refuse(error);
    }
  }

  /** An item that cannot be read ends the stream. */
  private async refuse(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  private async arrival(): Promise<void> {
    const { itemTimeout, subject } = this.settings;
    const error = (): void => this.fail(new StreamError(`${subject} sent no item within ${itemTimeout} ms`, subject));
    const timer = itemTimeout < Infinity ? setTimeout(error, itemTimeout) : undefined;
    while (this.queue.length === 0 && !this.isEnded) await new Promise<void>((resolve) => this.waiting.push(resolve));
    clearTimeout(timer);
  }

  private grant(): void {
    if (this.control === undefined) return;
    this.granted = Math.max(this.granted, this.taken + this.settings.credit);
    this.settings.speak(this.control, encodeControl({ type: 'credit', upTo: this.granted }));
  }

  private cancel(): void {
    if (this.control !== undefined) this.settings.speak(this.control, encodeControl({ type: 'cancel' }));
  }

  private fail(error: Error): void {
    if (!this.isEnded) this.cancel();
    this.end(error);
  }

  private end(error?: Error): void {
    this.error ??= error;
    if (!this.isEnded) {
      this.isEnded = true;
      clearTimeout(this.timer);
      this.settings.onEnd();
    }
    this.wake();
  }

  private lost(arrived: number): StreamError {
    const { subject } = this.settings;
    const what =
      arrived < this.expected
        ? `item ${arrived} of the stream from ${subject} came again, or too late`
        : `item ${this.expected} of the stream from ${subject} was lost`;
    return new StreamError(`${what}; the items before it are complete`, subject);
  }

  private checkSilence(): void {
    const { heartbeat, firstWithin, subject } = this.settings;
    const limit = !this.hasHeard ? firstWithin : heartbeat === 0 ? Infinity : MISSED_HEARTBEATS * heartbeat;
    if (limit === Infinity) return;
    const left = this.heardAt + limit - performance.now();
    if (left > 0) {
      this.timer = setTimeout(() => this.checkSilence(), Math.ceil(left));
      return;
    }
    this.fail(
      this.hasHeard
        ? new StreamError(
            `the producer of the stream from ${subject} was not heard of for ${limit} ms; it is gone`,
            subject,
          )
        : this.settings.late(),
    );
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function itemResult<Item>(value: Item): IteratorYieldResult<Item> {
  return { done: false, value };
}
