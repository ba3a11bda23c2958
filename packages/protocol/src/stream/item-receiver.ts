import { isNoResponders, type Message } from '../nats/connection';
import { ControlSubject } from './control-subject';
import { Grants, type GrantSettings } from './grants';
import { ItemQueue } from './item-queue';
import { LifeSigns } from './life-signs';
import { headersIn } from '../services/received-headers';
import { abandoned, exportedForOneReply, noStream, outOfOrder, unheard } from './broken-stream';
import { creditIn, encodeControl, numberOfBareItem } from './frames';
import { CREDIT_HEADER, HEARTBEAT_HEADER, SENT_HEADER, SEQUENCE_HEADER } from './headers';
import { StreamError } from './stream-error';

// Of a producer that knows no credit, so that it cannot fill the memory.
const MAX_UNGRANTED = 65_536;
/** Bytes that may wait to be taken where nobody said how many items may; a producer's items may become larger. */
const MAX_WAITING = 64 * 1024 * 1024;

/** What a consumer needs to know and to do. */
export interface ReceiverSettings extends GrantSettings {
  /** Where the stream was asked for; for errors. */
  readonly subject: string;
  /** Prefixes of inboxes, besides `_INBOX.` and `_R_.`, on which a producer may be sent control messages. */
  readonly inboxes?: readonly string[];
  /** Milliseconds; a producer that misses three is given up. 0: never. */
  readonly heartbeat: number;
  /** Milliseconds until the producer's first message, and the error if there is none. */
  readonly firstWithin: number;
  firstItemError(): Error;
  /** The error for a producer that has begun and fallen silent; default a StreamError that says so. */
  silent?(): Error;
  /** Milliseconds that a taker waits for one item; Infinity for as long as the producer lives. */
  readonly itemTimeout: number;
  /** May give a promise. */
  decode(data: Uint8Array): unknown;
  /** The error that a message carries instead of an item. */
  errorIn(message: Message): Error | undefined;
  /** Sends the producer a control message. @param wantsAnswer whether it is to say how far the stream is, where the items come in */
  sendControl(control: string, words: string, wantsAnswer: boolean): void;
  /** Called once, when nothing is received any more. */
  onEnd(): void;
}

/** The consuming end of a stream: grants credit as items are taken, and lets no item be lost in silence. */
export class ItemReceiver<Item> implements AsyncIterableIterator<Item, undefined> {
  private readonly queue = new ItemQueue();
  private expected = 1;
  private readonly grants: Grants;
  private readonly control: ControlSubject;
  private readonly signs: LifeSigns;
  private wasAway = false;

  constructor(private readonly settings: ReceiverSettings) {
    this.grants = new Grants(settings);
    this.control = new ControlSubject(settings.inboxes);
    if (settings.share !== undefined) settings.share.onTurn = () => this.grantMore();
    const { firstWithin, heartbeat, subject } = settings;
    this.signs = new LifeSigns({
      firstWithin,
      heartbeat,
      onMissing: () => this.fail(settings.firstItemError()),
      onSilent: () => this.fail(settings.silent?.() ?? unheard(subject, heartbeat, this.control.subject)),
    });
  }

  /** Grants the first credit to a producer that has sent nothing yet. @param control checked by the caller */
  invite(control: string): void {
    this.control.subject = control;
    this.grants.grow();
    this.sendControl();
  }

  /** The connection was away for a while: what came meanwhile is lost, and the producer may have given up. */
  recheck(): void {
    this.wasAway = true;
    if (!this.queue.isEnded) this.sendControl(true);
  }

  /** Takes a message of the producer. */
  onMessage(message: Message): void {
    if (this.queue.isEnded) return;
    const { subject } = this.settings;
    this.signs.heard();
    const bare = numberOfBareItem(message);
    const error = bare === undefined ? this.errorIn(message) : undefined;
    if (error !== undefined) return this.end(error);
    const misled = this.control.problemOf(message);
    if (misled !== undefined) return this.fail(new StreamError(`the stream from ${subject} ${misled}`, subject));
    if (bare !== undefined) this.onItem(message.data, bare);
    else this.onOther(message);
  }

  private errorIn(message: Message): Error | undefined {
    const { settings } = this;
    const { subject } = settings;
    if (this.wasAway && isNoResponders(message)) return abandoned(subject);
    return (
      settings.errorIn(message) ??
      (isNoResponders(message) ? new StreamError(`nobody answers on ${subject}`, subject) : undefined)
    );
  }

  /** Whatever comes with more headers than an item's, or with none. */
  private onOther(message: Message): void {
    const headers = headersIn(message);
    const number = headers?.get(SEQUENCE_HEADER);
    if (number !== undefined) return this.onItem(message.data, creditIn(number) ?? NaN);
    // What answers with the headers of the request is not a producer.
    if (message.data.length > 0 || headers?.has(CREDIT_HEADER) === true)
      return this.fail(noStream(this.settings.subject));
    const lastSent = headers?.get(HEARTBEAT_HEADER);
    if (lastSent === undefined) return this.end();
    const sent = headers?.get(SENT_HEADER);
    if (sent !== undefined && this.signs.messages <= (creditIn(sent) ?? 0))
      return this.fail(exportedForOneReply(this.settings.subject));
    this.onHeartbeat(creditIn(lastSent) ?? NaN);
  }

  private onItem(data: Uint8Array, number: number): void {
    const { subject } = this.settings;
    if (number !== this.expected) return this.fail(outOfOrder(subject, number, this.expected));
    if (data.length === 0) return this.end();
    const problem = this.floodProblem(data.length);
    if (problem !== undefined) return this.fail(new StreamError(`${subject} ${problem}`, subject));
    this.expected++;
    this.grants.add(data.length);
    this.queue.push(data);
    // Heartbeats, if there are any, are answered anyway; it takes an answer to learn whether more than this one comes.
    if (number === 1 && this.control.isInOtherAccount) this.sendControl();
  }

  /** Answered by the present grant, so that one that was lost comes again. */
  private onHeartbeat(lastSent: number): void {
    if (lastSent !== this.expected - 1) return this.fail(outOfOrder(this.settings.subject, lastSent, this.expected));
    if (this.control.subject === undefined) return;
    this.grants.grow();
    this.sendControl();
  }

  /** Ends the stream with an error; items that were not taken are dropped. */
  abort(error: Error): void {
    if (this.queue.isEnded && this.queue.length === 0) return;
    this.queue.clear();
    this.fail(error);
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const data = this.queue.shift();
    return data === undefined ? this.nextLater() : this.take(data);
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.queue.clear();
    if (!this.queue.isEnded) {
      this.cancel();
      this.end();
    }
    this.queue.takeError();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async nextLater(): Promise<IteratorResult<Item, undefined>> {
    const { itemTimeout, subject } = this.settings;
    if (!this.queue.isEnded)
      await this.queue.arrival(itemTimeout, () =>
        this.fail(new StreamError(`${subject} sent no item within ${itemTimeout} ms`, subject)),
      );
    const data = this.queue.shift();
    if (data !== undefined) return this.take(data);
    const error = this.queue.takeError();
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  /** One promise for an item that is here already, where an async function would make three. */
  private take(data: Uint8Array): Promise<IteratorResult<Item, undefined>> {
    if (this.grants.take()) this.grantMore();
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

  private grantMore(): void {
    if (this.control.subject !== undefined && !this.queue.isEnded && this.grants.grow()) this.sendControl();
  }

  /** @param wantsAnswer an import from another account may not let through more than one message, so it is asked, too */
  private sendControl(wantsAnswer = this.control.isInOtherAccount): void {
    this.send(encodeControl({ type: 'credit', upTo: this.grants.upTo }), wantsAnswer);
  }

  private cancel(): void {
    this.send(encodeControl({ type: 'cancel' }), false);
  }

  private send(words: string, wantsAnswer: boolean): void {
    const { subject } = this.control;
    if (subject === undefined) return;
    try {
      this.settings.sendControl(subject, words, wantsAnswer);
    } catch {
      // A producer that cannot be reached finds out by itself.
    }
  }

  /** What is wrong with one more item, if something is. */
  private floodProblem(bytes: number): string | undefined {
    if (this.control.subject === undefined ? this.queue.length >= MAX_UNGRANTED : this.grants.isUsedUp)
      return 'sends more items than it has credit for';
    const isBound = this.settings.credit !== undefined && this.control.subject !== undefined;
    if (!isBound && this.queue.bytes + bytes > MAX_WAITING)
      return `has ${this.queue.length} items of ${this.queue.bytes} bytes waiting to be read; read faster, or set "credit"`;
    return undefined;
  }

  private fail(error: Error): void {
    if (!this.queue.isEnded) this.cancel();
    this.end(error);
  }

  private end(error?: Error): void {
    const { isEnded } = this.queue;
    this.queue.end(error);
    if (isEnded) return;
    this.signs.stop();
    this.grants.close();
    this.settings.onEnd();
  }
}

function itemResult<Item>(value: Item): IteratorYieldResult<Item> {
  return { done: false, value };
}
