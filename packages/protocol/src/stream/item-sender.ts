import { isNoResponders, type Message } from '../nats/connection';
import { headerBlock, type HeaderBlock } from '../services/header';
import { isImported, isInbox } from '../nats/inbox-subject';
import { SendCredit } from './send-credit';
import { uncreditedFor, type Uncredited } from './uncredited';
import { parseControl, sequenceHeader, type Body } from './frames';
import { HEARTBEAT_HEADER, MISSED_HEARTBEATS, SENT_HEADER } from './headers';

/** What a producer needs to know and to do. */
export interface SenderSettings {
  /** Where items go; undefined until the first grant of credit says it, by its reply subject. */
  readonly to: string | undefined;
  /** Where the consumer's words come in; the reply subject of every item. */
  readonly control: string;
  /** Items that may be sent before a grant; Infinity for a consumer that grants none. */
  readonly credit: number;
  /** What goes out before the consumer has granted anything itself, whatever `credit` says; default 1,000 items, 8 MiB. */
  readonly uncredited?: Uncredited;
  /** Milliseconds; 0 for a consumer that knows no heartbeats. */
  readonly heartbeat: number;
  publish(to: string, body: Body, headers: HeaderBlock, reply: string | undefined): void;
  /** Resolves when the server has all that was published. */
  flush(): Promise<void>;
}

/** Why a stream ended before its last item: by the consumer's will, or because it is gone, or by `stop`. */
export type SenderEnd = 'cancelled' | 'gone' | 'stopped';

// What cleans up after itself may take its time; what hangs there is not to keep the end of the stream from its consumer.
const RETURN_TIMEOUT = 1_000;
const EMPTY = new Uint8Array(0);

/** The producing end of a stream: sends items as far as there is credit, and knows when its consumer leaves. */
export class ItemSender {
  private readonly credit: SendCredit;
  private heartbeats = 0;
  /** Since the latest heartbeat: a consumer that answers heartbeats by questions is not to keep both ends busy. */
  private hasAnswered = false;
  private hasAnsweredElsewhere = false;
  private to: string | undefined;
  /** Why no further item is sent. */
  private ended: SenderEnd | undefined;
  private heardAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private iterator: AsyncIterator<unknown> | undefined;
  private returned: Promise<unknown> | undefined;
  private wake: (() => void) | undefined;

  /** @param onLeave is called at once when the consumer leaves, while the items may still be in the making */
  constructor(
    private readonly settings: SenderSettings,
    private readonly onLeave: (why: SenderEnd) => void,
  ) {
    this.credit = new SendCredit(settings.credit, settings.uncredited ?? uncreditedFor());
    this.to = settings.to;
  }

  /** The number of the last item that was sent. */
  get sequence(): number {
    return this.credit.sequence;
  }

  /** Takes a message that came in on the control subject. */
  onControl(message: Message): void {
    if (isNoResponders(message)) return this.leave('gone');
    this.heardAt = performance.now();
    const control = parseControl(message);
    if (control === undefined) return;
    if (control.type === 'cancel') return this.leave('cancelled');
    this.credit.grant(control.upTo);
    if (message.reply && this.to === undefined) {
      this.to = message.reply;
      this.beat();
      // Where the consumer invited the items, each grant says again where they go; it asks for nothing.
    } else if (message.reply && this.settings.to !== undefined) this.answer(message.reply);
    this.wake?.();
  }

  /** Sends no further item. */
  stop(): void {
    this.leave('stopped');
  }

  /**
   * Sends the items, in order; resolves to why it stopped early, or to undefined. The end is not sent.
   * @throws whatever the items or `encode` throw
   */
  async send(items: AsyncIterable<unknown>, encode: (item: unknown) => Body): Promise<SenderEnd | undefined> {
    let isFinished = false;
    let failure: { readonly error: unknown } | undefined;
    try {
      this.startHeartbeats();
      for (;;) {
        while (this.mustWait()) await this.word();
        if (this.hasLeft()) break;
        // Not before there is credit: items that nobody asked for are left as they are.
        this.iterator ??= items[Symbol.asyncIterator]();
        const { done, value } = (await this.iterator.next()) as IteratorResult<unknown, unknown>;
        if (done) isFinished = true;
        if (this.hasLeft() || done) break;
        const body = encode(value);
        while (this.mustWait(body)) await this.word();
        if (this.hasLeft()) break;
        this.publish(body);
        if (this.credit.isMuchUnconfirmed) {
          this.credit.confirm();
          await this.settings.flush();
        }
      }
    } catch (error) {
      // Items that throw because they were asked to stop are not failures.
      if (!this.hasLeft()) failure = { error };
    }
    try {
      if (!isFinished) await inTime(this.returnItems());
    } catch (error) {
      failure ??= { error };
    }
    clearInterval(this.timer);
    if (failure !== undefined) throw failure.error;
    return this.ended;
  }

  // A method, because the compiler does not expect a field to change while somebody waits.
  private hasLeft(): boolean {
    return this.ended !== undefined;
  }

  /** Resolves when the consumer says something, or leaves. */
  private word(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** @param next the item that is ready; undefined while it is not made yet */
  private mustWait(next?: Body): boolean {
    return this.ended === undefined && this.credit.mustWait(next);
  }

  private publish(body: Body): void {
    if (body.length === 0)
      throw new TypeError(
        'an item of a stream has an empty body, which would be read as the end; send null or an object',
      );
    this.credit.check(body);
    this.settings.publish(this.to ?? '', body, sequenceHeader(this.sequence + 1), this.controlOfItems);
    this.credit.sent(body);
  }

  /**
   * Between accounts the server keeps a subject for each reply subject that goes by, for minutes. Who knows
   * heartbeats has it from those.
   */
  private get controlOfItems(): string | undefined {
    const isInHeartbeats = this.settings.heartbeat > 0 && this.to !== undefined && isImported(this.to);
    return isInHeartbeats ? undefined : this.settings.control;
  }

  private startHeartbeats(): void {
    const { heartbeat } = this.settings;
    if (heartbeat === 0) return;
    this.heardAt = performance.now();
    this.timer = setInterval(() => {
      this.hasAnswered = false;
      this.beat();
    }, heartbeat);
    // The consumer learns at once where to send its control messages.
    this.beat();
  }

  private beat(): void {
    const { heartbeat } = this.settings;
    // A consumer that has not asked for anything yet cannot be distinguished from a slow one.
    if (this.to === undefined || this.hasLeft()) return;
    if (heartbeat > 0 && performance.now() - this.heardAt > MISSED_HEARTBEATS * heartbeat) return this.leave('gone');
    this.sendHeartbeat(this.to);
    this.heartbeats++;
  }

  /** The consumer wants to know how far the stream is. */
  private answer(reply: string): void {
    if (isImported(reply)) return this.answerElsewhere(reply);
    if (this.hasAnswered) return;
    this.hasAnswered = true;
    this.beat();
  }

  /**
   * An export that is not of the response type "stream" lets the first message pass, and loses the others without a
   * word. The consumer in the other account is notified, on a way that its own words have opened, how many went before.
   */
  private answerElsewhere(subject: string): void {
    if (this.hasAnsweredElsewhere || this.hasLeft() || !isInbox(subject)) return;
    this.hasAnsweredElsewhere = true;
    this.beat();
    this.sendHeartbeat(subject, [[SENT_HEADER, String(this.sequence + this.heartbeats)]]);
  }

  private sendHeartbeat(to: string, more: readonly (readonly [string, string])[] = []): void {
    const headers = headerBlock([[HEARTBEAT_HEADER, String(this.sequence)], ...more]);
    try {
      this.settings.publish(to, EMPTY, headers, this.settings.control);
    } catch {
      this.leave('gone'); // the connection is closed
    }
  }

  /** Where items go, once that is known. */
  get destination(): string | undefined {
    return this.to;
  }

  private leave(why: SenderEnd): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    clearInterval(this.timer);
    this.wake?.();
    // Wakes iterators that can be; a generator that waits for something else is notified by `onLeave`.
    this.returnItems().catch(() => undefined);
    this.onLeave(why);
  }

  /** Tells the items once that no more of them are wanted. Never throws: it rejects with what they throw. */
  private returnItems(): Promise<unknown> {
    return (this.returned ??= (async () => this.iterator?.return?.())());
  }
}

/** Waits for something that has no right to hang. */
async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, RETURN_TIMEOUT)));
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
