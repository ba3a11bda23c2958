import {
  aFunction,
  aSignal,
  checkedElsewhere,
  checkOptions,
  warn,
  eventCodecOf,
  isEvent,
  parseTemplate,
  queueGroupProblem,
  type Event,
  type Message,
  type OptionRules,
} from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';
import { InvalidEvents, type InvalidEvent } from './invalid-events';
import { readEvent, type ReceivedEvent } from './received-event';

/** What `client.subscribe` takes. */
export interface SubscribeOptions {
  /** Ends the loop. */
  signal?: AbortSignal;
  /** Each event goes to one of all subscribers of the group; default: to every subscriber. */
  queueGroup?: string;
  /** Called with what cannot be decoded or is not valid; default: one process warning for the loop. */
  onInvalid?: (error: Error, invalid: InvalidEvent) => void;
  /** Events that may wait for the loop, of 32 MiB at most; default 1,000. What comes beyond is dropped, with one process warning. */
  maxPending?: number;
}

const SUBSCRIBE_OPTIONS: OptionRules<SubscribeOptions> = {
  signal: aSignal,
  queueGroup: checkedElsewhere,
  onInvalid: aFunction,
  maxPending: checkedElsewhere,
};
const MAX_PENDING = 1_000;
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

/** Events as they arrive, from the moment it is made. */
export class EventSubscription<E extends Event> implements AsyncIterableIterator<ReceivedEvent<E>, undefined> {
  private readonly queue: { event: E; message: Message }[] = [];
  private readonly maxPending: number;
  private readonly closers: (() => void)[] = [];
  private bytes = 0;
  private isEnded = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;
  private readonly invalid: InvalidEvents;
  private hasWarned = false;
  /** One taker at a time, so that order holds. */
  private taking: Promise<unknown> = Promise.resolve();

  constructor(
    inbox: Inbox,
    events: readonly E[],
    options: SubscribeOptions,
    private readonly closing: AbortSignal,
  ) {
    checkOptions(options, SUBSCRIBE_OPTIONS, 'subscribe()');
    const { signal, queueGroup, maxPending = MAX_PENDING } = options;
    for (const event of events) {
      if (!isEvent(event)) throw new TypeError('subscribe takes an event that event() has made, or several');
      // Said now where its class cannot be checked, and not with each event.
      eventCodecOf(event);
    }
    const problem = queueGroup === undefined ? undefined : queueGroupProblem(queueGroup);
    if (problem !== undefined) throw new TypeError(`queueGroup ${problem}`);
    if (!(Number.isSafeInteger(maxPending) && maxPending > 0))
      throw new TypeError(`maxPending must be a positive whole number, got ${String(maxPending)}`);
    this.maxPending = maxPending;
    this.invalid = new InvalidEvents(options.onInvalid);
    if (signal?.aborted === true) {
      this.isEnded = true;
      return;
    }
    const onAbort = (): void => this.end();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.closers.push(() => signal?.removeEventListener('abort', onAbort));
    try {
      for (const event of events) {
        const onMessage = (message: Message): void => this.take(event, message);
        const onError = (error: Error): void => this.end(this.closing.aborted ? undefined : error);
        const receiver = { onMessage, onError };
        this.closers.push(inbox.subscribe(parseTemplate(event.subject).subject, queueGroup, receiver));
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  next(): Promise<IteratorResult<ReceivedEvent<E>, undefined>> {
    const result = this.taking.then(() => this.nextValid());
    this.taking = result.catch(() => undefined);
    return result;
  }

  return(): Promise<IteratorResult<ReceivedEvent<E>, undefined>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private take(event: E, message: Message): void {
    if (this.isEnded) return;
    if (this.queue.length >= this.maxPending || this.bytes + message.data.length > MAX_PENDING_BYTES)
      return this.warnOfDrops();
    this.bytes += message.data.length;
    this.queue.push({ event, message });
    this.wake?.();
  }

  private async nextValid(): Promise<IteratorResult<ReceivedEvent<E>, undefined>> {
    for (;;) {
      while (this.queue.length === 0 && !this.isEnded) await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
      const taken = this.queue.shift();
      if (taken === undefined) {
        const { error } = this;
        this.error = undefined;
        if (error !== undefined) throw error;
        return { done: true, value: undefined };
      }
      this.bytes -= taken.message.data.length;
      const value = await this.read(taken.event, taken.message);
      if (value !== undefined && !this.isEnded) return { done: false, value };
    }
  }

  private async read(event: E, message: Message): Promise<ReceivedEvent<E> | undefined> {
    try {
      return await readEvent(event, message);
    } catch (error) {
      this.invalid.add(error, event, message);
      return undefined;
    }
  }

  private warnOfDrops(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    warn('a loop over client.subscribe() is slower than its events; events are dropped');
  }

  private end(error?: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.error = error;
    this.queue.length = 0;
    for (const close of this.closers) close();
    this.wake?.();
  }
}
