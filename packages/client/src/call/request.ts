import {
  StreamError,
  SEQUENCE_HEADER,
  CANCEL_HEADER,
  headerBlock,
  headersIn,
  isReceived,
  markReceived,
  MAX_TIMER,
  TIMEOUT_HEADER,
  CLIENT_ERRORS,
  errorOf,
  firstChunks,
  type Message,
} from '@natsmith/protocol';
import { cancelSubject, sendCancel } from './cancel';
import { chunkLine } from '../stream/chunk-line';
import { announcedReply } from '../stream/chunked-reply';
import type { ChunkedReply } from '../stream/received-chunks';
import type { Inbox } from '../nats/inbox';
import type { Address, Receiver } from '../nats/receiver';
import type { RequestSettings } from './request-settings';
import { TimeoutError } from './timeout-error';

/** Sends one request, and resolves to its first reply, errors included and chunks joined; rejects when none comes. */
export function sendRequest(
  inbox: Inbox,
  subject: string,
  body: Uint8Array,
  settings: RequestSettings,
): Promise<Message> {
  return new Promise((resolve, reject) => new PendingRequest(inbox, subject, settings, resolve, reject).send(body));
}

/** A request that waits for its reply. */
class PendingRequest implements Receiver {
  readonly isCall = true;
  /** Where it publishes to. */
  to: string;
  /** Milliseconds until it ends without a reply. */
  private readonly left: number;
  private readonly chunks: number;
  private readonly onAbort: (() => void) | undefined;
  private readonly address: Address;
  private timer: NodeJS.Timeout | undefined;
  private announced: ChunkedReply | undefined;

  constructor(
    private readonly inbox: Inbox,
    private readonly subject: string,
    private readonly settings: RequestSettings,
    private readonly resolve: (message: Message) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const { signal, timeout, expiresAt } = settings;
    signal?.throwIfAborted();
    this.to = subject;
    this.left = expiresAt === Infinity ? timeout : Math.min(timeout, Math.ceil(expiresAt - performance.now()));
    if (this.left <= 0) throw new TimeoutError(subject, 0);
    this.chunks = firstChunks(inbox.waiting);
    this.onAbort = signal && (() => this.cancel(signal.reason));
    this.address = inbox.open(this);
  }

  send(body: Uint8Array): void {
    const { inbox, left, settings, address } = this;
    const { signal, headers, advice } = settings;
    if (left < MAX_TIMER) this.timer = setTimeout(expire, left, this);
    if (this.onAbort !== undefined) signal?.addEventListener('abort', this.onAbort, { once: true });
    try {
      const lines = [...headers, chunkLine(this.chunks)];
      if (left < Infinity) lines.push([TIMEOUT_HEADER, String(left)]);
      if (signal !== undefined) lines.push([CANCEL_HEADER, cancelSubject(address.subject)]);
      inbox.request(address, this.subject, body, headerBlock(lines), advice);
    } catch (error) {
      this.onError(error);
    }
  }

  onMessage(message: Message): void {
    if (this.announced !== undefined) return this.announced.onMessage(message);
    const { reply } = message;
    if (!reply) return this.finish(message);
    this.announced = announcedReply(message, this.subject, this.inbox, this.address.subject, this.chunks);
    if (this.announced !== undefined) {
      this.to = reply;
      return void this.announced.body.then(
        (data) => this.finish(whole(message, data)),
        (error: unknown) => this.onError(error),
      );
    }
    this.finish(message);
    // The first item of a stream is the reply of a call; the rest is not wanted.
    if (isItem(message) && this.inbox.allows(reply)) this.inbox.outlet.sendControl(reply, 'cancel');
  }

  onReconnected(): void {
    this.announced?.recheck();
  }

  onError(error: unknown): void {
    if (error instanceof StreamError && !isReceived(error)) markReceived(error);
    this.end();
    this.reject(error);
    this.announced?.abort(error as Error);
  }

  expire(): void {
    const { left, subject, settings } = this;
    // A propagated deadline is the 504 of the request that it came with, not a failure of its handler.
    this.onError(left < settings.timeout ? errorOf(CLIENT_ERRORS.timeout) : new TimeoutError(subject, left));
  }

  private cancel(reason: unknown): void {
    this.onError(reason);
    if (this.announced === undefined) sendCancel(this.inbox, cancelSubject(this.address.subject));
  }

  private finish(message: Message): void {
    this.end();
    this.resolve(message);
  }

  private end(): void {
    clearTimeout(this.timer);
    if (this.onAbort !== undefined) this.settings.signal?.removeEventListener('abort', this.onAbort);
    this.address.close();
  }
}

function expire(request: PendingRequest): void {
  request.expire();
}

/** A reply whose body came in chunks. @param announcement of the chunks, which has the reply's headers */
function whole(announcement: Message, data: Uint8Array): Message {
  const received = headersIn(announcement);
  const headers = received && {
    code: 0,
    keys: () => received.keys(),
    values: (name: string) => received.getAll(name),
  };
  return { subject: announcement.subject, data, ...(headers && { headers }) };
}

function isItem(message: Message): boolean {
  return headersIn(message)?.has(SEQUENCE_HEADER) === true;
}
