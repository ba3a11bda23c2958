import { isNoResponders, type Message } from './connection';
import {
  encodeControl,
  HEARTBEAT_HEADER,
  MISSED_HEARTBEATS,
  numberOfBareItem,
  SEQUENCE_HEADER,
  StreamError,
} from './stream';
import { MAX_TIMER } from './timer';
import { Window } from './window';

// Of a producer that knows no credit, so that it cannot fill the memory.
const MAX_UNGRANTED = 65_536;

/** What a consumer needs to know and to do. */
export interface ReceiverSettings {
  /** Where the stream was asked for; for errors. */
  readonly subject: string;
  /** Items that may wait here to be taken; undefined for as many as fit into 4 MiB, and FIRST_CREDIT at first. */
  readonly credit: number | undefined;
  /** Milliseconds; a producer that misses three is given up. 0: never. */
  readonly heartbeat: number;
  /** Milliseconds until the producer's first word, and the error if there is none. */
  readonly firstWithin: number;
  late(): Error;
  /** The error for a producer that has begun and fallen silent; default a StreamError that says so. */
  silent?(): Error;
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
  private readonly window: Window;
  private control: string | undefined;
  private isEnded = false;
  private error: Error | undefined;
  private hasHeard = false;
  /** Heartbeats' times that have passed since the producer's last word. */
  private silent = 0;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(private readonly settings: ReceiverSettings) {
    this.window = new Window(settings.credit);
    this.granted = this.window.size;
    const { firstWithin } = settings;
    if (firstWithin < Infinity)
      this.timer = setTimeout(() => this.fail(settings.late()), Math.min(firstWithin, MAX_TIMER));
  }

  /** Grants the first credit to a producer that has not spoken yet. */
  invite(control: string): void {
    this.control = control;
    this.grant();
  }

  /** Takes a message of the producer. */
  onMessage(message: Message): void {
    if (this.isEnded) return;
    const { subject, heartbeat } = this.settings;
    // Counting is cheaper than to read the clock for each item.
    this.silent = 0;
    if (!this.hasHeard) {
      this.hasHeard = true;
      clearTimeout(this.timer);
      if (heartbeat > 0) this.timer = setInterval(() => this.checkSilence(), Math.min(heartbeat, MAX_TIMER));
    }
    // One for the whole stream, and each reading of it is a decoding.
    if (this.control === undefined && message.reply) this.control = message.reply;
    const { data } = message;
    let sequence = numberOfBareItem(message);
    if (sequence === undefined) {
      const error = this.settings.errorIn(message);
      if (error !== undefined) return this.end(error);
      if (isNoResponders(message)) return this.end(new StreamError(`nobody answers on ${subject}`, subject));
      const lastSent = message.headers?.values(HEARTBEAT_HEADER)[0];
      if (lastSent !== undefined) {
        if (Number(lastSent) !== this.expected - 1) return this.fail(this.lost(Number(lastSent)));
        return this.grant();
      }
      const number = message.headers?.values(SEQUENCE_HEADER)[0];
      if (number !== undefined) sequence = Number(number);
    }
    if (sequence !== undefined && sequence !== this.expected) return this.fail(this.lost(sequence));
    if (data.length === 0) return this.end();
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
    this.window.add(data.length);
    this.queue.push(data);
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
    const { size } = this.window;
    // In halves: a grant for each item would double the messages.
    if (!this.isEnded && this.taken + size - this.granted >= size / 2) this.grant();
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
    this.granted = Math.max(this.granted, this.taken + this.window.size);
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
    if (++this.silent <= MISSED_HEARTBEATS) return;
    this.fail(this.settings.silent?.() ?? this.unheard());
  }

  private unheard(): StreamError {
    const { heartbeat, subject } = this.settings;
    const limit = MISSED_HEARTBEATS * heartbeat;
    return new StreamError(
      `the producer of the stream from ${subject} was not heard of for ${limit} ms; it is gone`,
      subject,
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
