import {
  ServiceError,
  StreamError,
  SEQUENCE_HEADER,
  CANCEL_HEADER,
  headerBlock,
  headersIn,
  isReceived,
  markReceived,
  MAX_TIMER,
  TIMEOUT_HEADER,
  type Message,
} from '@natsmith/protocol';
import { cancelSubject, sendCancel } from './cancel';
import { chunkedReply, chunkLine, type ChunkedReply } from '../stream/chunked-reply';
import type { Inbox } from '../nats/inbox';
import { TimeoutError } from './timeout-error';

/** Headers of a request: one value or several for each name. */
export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

export type HeaderLines = readonly (readonly [string, string])[];

/** What bounds a request, and goes with it. */
export interface RequestSettings {
  /** Milliseconds; Infinity for none. */
  readonly timeout: number;
  /** As `performance.now()`. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly headers: HeaderLines;
  /** What to do where the message is too large. */
  readonly advice: string;
}

/** Sends one request, and resolves to its first reply, errors included and chunks joined; rejects when none comes. */
export function sendRequest(
  inbox: Inbox,
  subject: string,
  body: Uint8Array,
  { timeout, expiresAt, signal, headers, advice }: RequestSettings,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const left = Math.min(timeout, Math.ceil(expiresAt - performance.now()));
    if (left <= 0) throw new TimeoutError(subject, 0);
    let announced: ChunkedReply | undefined;
    const chunks = inbox.budget.firstChunks(inbox.waiting);
    const receiver = {
      to: subject,
      isCall: true,
      onMessage(message: Message): void {
        if (announced !== undefined) return announced.onMessage(message);
        if (message.reply) announced = chunkedReply(message, subject, inbox, address.subject, chunks);
        if (announced !== undefined) {
          receiver.to = message.reply ?? subject;
          return void announced.body.then((data) => end(() => resolve(whole(message, data))), fail);
        }
        end(() => resolve(message));
        // The first item of a stream is the reply of a call; the rest is not wanted.
        if (message.reply && isItem(message) && inbox.allows(message.reply)) inbox.sendControl(message.reply, 'cancel');
      },
      onReconnected: () => announced?.recheck(),
      onError: fail,
    };
    const address = inbox.open(receiver);
    const timer = left < MAX_TIMER ? setTimeout(expire, left) : undefined;
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const lines = [...headers, chunkLine(chunks)];
      if (left < Infinity) lines.push([TIMEOUT_HEADER, String(left)]);
      if (signal !== undefined) lines.push([CANCEL_HEADER, cancelSubject(address.subject)]);
      inbox.request(address, subject, body, headerBlock(lines), advice);
    } catch (error) {
      fail(error as Error);
    }

    function expire(): void {
      // A deadline that was carried on is the 504 of the request that it came with, not a failure of its handler.
      fail(left < timeout ? new ServiceError(504, 'timeout') : new TimeoutError(subject, left));
    }
    function onAbort(): void {
      fail(signal?.reason as Error);
      if (announced === undefined) sendCancel(inbox, cancelSubject(address.subject));
    }
    function fail(error: Error): void {
      if (error instanceof StreamError && !isReceived(error)) markReceived(error);
      end(() => reject(error));
      announced?.abort(error);
    }
    function end(settle: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      address.close();
      settle();
    }
  });
}

/**
 * The lines of all given headers; a later set replaces the names of an earlier one.
 * @throws TypeError for headers or a value of another type
 */
export function headerLines(carried: HeaderLines, given: HeaderValues = {}): HeaderLines {
  // Callers of JavaScript give what they have.
  if (typeof given !== 'object' || (given as unknown) === null || Symbol.iterator in given)
    throw new TypeError('headers must be an object of names and values, such as { "X-Trace": "abc" }');
  const own = Object.entries(given).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => [name, stringIn(name, one)] as const),
  );
  return [...carried.filter(([name]) => !(name in given)), ...own];
}

function stringIn(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const shown = value === undefined || value === null ? String(value) : `of type ${typeof value}`;
  throw new TypeError(
    `the value of header ${JSON.stringify(name)} is ${shown}; a header value is a string, or an array of strings: ` +
      (value === undefined || value === null ? 'leave the header out' : 'convert it with String()'),
  );
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
