import {
  warn,
  eventCodecOf,
  headersIn,
  isEvent,
  parseTemplate,
  printable,
  queueGroupProblem,
  ReceivedHeaders,
  ServiceError,
  type Event,
  type Message,
  type ParamsOf,
  type Received,
} from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';

/** An event that has arrived. */
export type ReceivedEvent<E extends Event = Event> = E extends Event
  ? {
      readonly payload: [Received<E>] extends [never] ? unknown : Received<E>;
      /** The values of the named tokens. */
      readonly params: ParamsOf<E>;
      readonly subject: string;
      readonly headers: ReceivedHeaders;
      readonly event: E;
    }
  : never;

/** An event whose body could not be decoded, or was not valid. */
export interface InvalidEvent {
  readonly event: Event;
  readonly subject: string;
  readonly headers: ReceivedHeaders;
  readonly body: Uint8Array;
}

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

const MAX_PENDING = 1_000;
const MAX_PENDING_BYTES = 32 * 1024 * 1024;
const MAX_REASON = 400;

/** Events as they arrive, from the moment it is made. */
export class EventSubscription<E extends Event> implements AsyncIterableIterator<ReceivedEvent<E>, undefined> {
  private readonly queue: { event: E; message: Message }[] = [];
  private readonly maxPending: number;
  private readonly closers: (() => void)[] = [];
  private bytes = 0;
  private isEnded = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;
  private readonly told = new Set<string>();
  /** One taker at a time, so that order holds. */
  private taking: Promise<unknown> = Promise.resolve();

  constructor(
    inbox: Inbox,
    events: readonly E[],
    private readonly options: SubscribeOptions,
    private readonly closing: AbortSignal,
  ) {
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
      return this.warnOnce(
        'slow',
        () => 'a loop over client.subscribe() is slower than its events; events are dropped',
      );
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
    const { subject, data } = message;
    const headers = headersIn(message) ?? new ReceivedHeaders('');
    try {
      const payload = await eventCodecOf(event).decode(data);
      return { payload, params: paramsIn(event, subject), subject, headers, event } as ReceivedEvent<E>;
    } catch (error) {
      this.refuse(error, { event, subject, headers, body: data });
      return undefined;
    }
  }

  /** Whatever a codec or a validator has thrown, and whatever `onInvalid` does: the loop goes on. */
  private refuse(thrown: unknown, invalid: InvalidEvent): void {
    const { onInvalid } = this.options;
    if (onInvalid === undefined)
      return this.warnOnce(
        'invalid',
        () => `an event on ${invalid.subject} is left out: ${reasonIn(thrown)}; the option "onInvalid" gets each`,
      );
    // Also of a promise, or of what await takes for one.
    new Promise((resolve) => resolve(onInvalid(errorOf(thrown), invalid))).catch((fault: unknown) =>
      this.warnOnce('onInvalid', () => `the "onInvalid" of a client.subscribe() threw: ${textOf(fault)}`),
    );
  }

  private warnOnce(kind: string, message: () => string): void {
    if (this.told.has(kind)) return;
    this.told.add(kind);
    warn(printable(message(), MAX_REASON));
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

function errorOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(textOf(thrown));
}

function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false; // a proxy that throws
  }
}

function reasonIn(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return textOf(thrown);
    const data = thrown instanceof ServiceError && thrown.data !== undefined ? ` ${JSON.stringify(thrown.data)}` : '';
    return `${thrown.message}${data}`;
  } catch {
    return textOf(thrown);
  }
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that cannot be read';
  }
}

function paramsIn({ subject }: Event, received: string): Record<string, string> {
  const tokens = received.split('.');
  return Object.fromEntries(parseTemplate(subject).params.map(({ name, index }) => [name, tokens[index] ?? '']));
}
