import {
  CREDIT_HEADER,
  CreditBudget,
  DEFAULT_HEARTBEAT,
  headerBlock,
  HEARTBEAT_HEADER,
  ItemReceiver,
  MAX_TIMER,
  millisecondsOfOption,
  ServiceError,
  TIMEOUT_HEADER,
  type Duration,
} from '@natsmith/protocol';
import { decodeBody, type BodyKind } from '../call/body';
import type { Inbox } from '../nats/inbox';
import { errorIn } from '../call/reply';
import type { RequestSettings } from '../call/request-settings';
import { CLOCK_TOLERANCE, TimeoutError } from '../call/timeout-error';

/** How a stream is read. */
export interface StreamSettings {
  /** Items that may wait here to be taken, so what bounds memory on this side; default: as many as fit into 4 MiB. */
  credit?: number;
  /** How often the producer says that it is alive; three missed heartbeats are a StreamError. Default 2,000 ms; 0 for never. */
  heartbeat?: Duration;
  /** How long a reader waits for the next item before a StreamError; default: for as long as the producer lives. */
  itemTimeout?: Duration;
}

/** The same, in milliseconds. */
interface CheckedSettings {
  readonly credit: number | undefined;
  readonly heartbeat: number;
  readonly itemTimeout: number;
}

/** A request that a stream answers. */
export interface StreamRequest extends RequestSettings, CheckedSettings {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly as: BodyKind;
  /** Milliseconds until the producer's first message. */
  readonly firstWithin: number;
  /** Called once, when nothing is received any more. */
  readonly onEnd: () => void;
}

/** Asks for a stream. What goes wrong later is thrown to the reader of the items. */
export function openStream<Item>(inbox: Inbox, request: StreamRequest): ItemReceiver<Item> {
  const { subject, body, as, timeout, expiresAt, signal, headers, advice } = request;
  const { credit, heartbeat, itemTimeout } = request;
  signal?.throwIfAborted();
  const left = Math.min(timeout, Math.ceil(expiresAt - performance.now()));
  // Errors name the time that the stream was given, of which an attempt may have a little less.
  const outOfTime = (): TimeoutError => new TimeoutError(subject, timeout);
  if (left <= 0) throw outOfTime();
  const firstWithin = Math.min(request.firstWithin, left);
  let to = subject;
  // Before all that would have to be ended: a client that is closed refuses it.
  const address = inbox.listen({
    get to() {
      return to;
    },
    onMessage: (message) => receiver.onMessage(message),
    onReconnected: () => receiver.recheck(),
    onError: (error) => receiver.abort(error),
  });
  const share = CreditBudget.of(inbox.connection).share();
  const granted = share.first(inbox.outlet.maxPayload, credit);
  const startedAt = performance.now();
  /** Caller and service see the same moment pass; whichever says so first, it is one error. */
  const isUp = (error: Error | undefined): boolean =>
    error instanceof ServiceError && error.code === 504 && performance.now() - startedAt >= left - CLOCK_TOLERANCE;
  const receiver = new ItemReceiver<Item>({
    subject,
    credit,
    granted,
    itemSize: inbox.outlet.maxPayload,
    share,
    inboxes: inbox.inboxes,
    heartbeat,
    itemTimeout,
    firstWithin,
    firstItemError: () => (firstWithin < left ? new TimeoutError(subject, firstWithin) : outOfTime()),
    decode: (data) => decodeBody(data, as, subject),
    errorIn(message) {
      const error = errorIn(message, subject);
      return isUp(error) ? outOfTime() : error;
    },
    sendControl(control, words, wantsAnswer) {
      to = control;
      inbox.outlet.sendControl(control, words, wantsAnswer ? address.subject : undefined);
    },
    onEnd() {
      address.close();
      request.onEnd();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  });
  const onAbort = (): void => receiver.abort(signal?.reason as Error);
  const timer = left < MAX_TIMER ? setTimeout(() => receiver.abort(outOfTime()), left) : undefined;
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const own = headers.filter(([name]) => name !== HEARTBEAT_HEADER);
    const lines = [...own, [CREDIT_HEADER, String(granted)], [HEARTBEAT_HEADER, String(heartbeat)]] as const;
    const all = left < Infinity ? [...lines, [TIMEOUT_HEADER, String(left)] as const] : lines;
    inbox.request(address, subject, body, headerBlock(all), advice);
  } catch (error) {
    receiver.abort(error as Error);
  }
  return receiver;
}

/** @throws TypeError for a setting that cannot be */
export function settingsOf(given: StreamSettings): CheckedSettings {
  const { credit } = given;
  const heartbeat = millisecondsOfOption('heartbeat', given.heartbeat) ?? DEFAULT_HEARTBEAT;
  const itemTimeout = millisecondsOfOption('itemTimeout', given.itemTimeout) ?? Infinity;
  if (credit !== undefined && !(Number.isSafeInteger(credit) && credit > 0))
    throw new TypeError(`credit must be a positive integer, got ${String(credit)}`);
  if (!(Number.isSafeInteger(heartbeat) && heartbeat >= 0))
    throw new TypeError(`heartbeat must be an integer of 0 or more milliseconds, got ${String(heartbeat)}`);
  if (!(itemTimeout > 0))
    throw new TypeError(`itemTimeout must be a positive number of milliseconds, got ${String(itemTimeout)}`);
  return { credit, heartbeat, itemTimeout };
}
