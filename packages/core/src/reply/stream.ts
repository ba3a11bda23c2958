import {
  CREDIT_HEADER,
  creditIn,
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  errorNamed,
  type HeaderBlock,
  HEARTBEAT_HEADER,
  heartbeatIn,
  ItemSender,
  SEQUENCE_HEADER,
} from '@natsmith/protocol';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestContext } from '../define/handler';
import { EMPTY, encodeReply } from '../payload/codec';
import type { Replying } from './replying';
import type { EndpointRuntime } from './endpoint-runtime';
import type { Body } from './outlet';
import { hasHeaders, replySubject } from '../pipeline/message';
import { isAcknowledgement } from './reply-subjects';
import type { Stopping } from '../pipeline/stopping';

const ITEMS_OF_A_TURN = 64;

/** How a caller takes a stream. */
export interface StreamTerms {
  /** Items that may come before a grant; Infinity where none is ever granted. */
  readonly credit: number;
  /** Milliseconds; 0 for none. */
  readonly heartbeat: number;
  /** The headers of an empty message that goes before all others. */
  readonly announcement?: HeaderBlock;
  /** Makes an item a body; without it the endpoint's codec does. */
  readonly encode?: (item: unknown) => Body;
}

/** Sends each item as one reply message, in order; the request's own reply, sent afterwards, ends the stream. */
export async function sendStream(
  items: AsyncIterable<unknown>,
  request: Replying,
  runtime: EndpointRuntime,
  { credit, heartbeat, announcement, encode = (item) => encodeReply(item, runtime.codec) }: StreamTerms = termsOf(
    request,
  ),
): Promise<void> {
  const { outlet, uncredited, stopping } = runtime;
  const to = replySubject(request.message);
  if (to === '' || isAcknowledgement(to)) return runThrough(items, request, runtime);
  const notAnInbox = outlet.replySubjects.streamProblem(to);
  if (notAnInbox !== undefined) throw errorNamed('streamSubject', { problem: notAnInbox });
  const control = outlet.newInbox();
  const publish = (subject: string, body: Body, headers: HeaderBlock, reply?: string): void => {
    try {
      outlet.publish(subject, body, headers, reply);
    } catch (cause) {
      const size = Buffer.byteLength(body) + headers.block().length;
      if (size <= outlet.maxPayload) throw cause;
      throw errorNamed('itemTooLarge', { size, max: outlet.maxPayload });
    }
  };
  const sender = new ItemSender(
    { to, control, credit, heartbeat, uncredited, publish, flush: () => outlet.flush() },
    // A handler that waits for something else than its caller is to hear of it.
    () => request.abort(errorNamed('streamLeft')),
  );
  let refusal: Error | undefined;
  const stopListening = outlet.listen(
    control,
    (message) => sender.onControl(message),
    (error) => {
      refusal = error;
      request.log.warn({ err: error }, 'a stream runs without control: the server refuses its subject');
      if (credit < Infinity) sender.stop();
    },
  );
  // The end has a number, too, so that a lost last item is noticed; an abort ends the stream before `send` returns.
  const numberEnd = (): void => request.replyHeaders.set(SEQUENCE_HEADER, String(sender.sequence + 1));
  const onAbort = (): void => {
    numberEnd();
    sender.stop();
  };
  request.signal.addEventListener('abort', onAbort);
  // The body of a reply has been given as a whole; it is to arrive as one.
  const stopWatching =
    announcement === undefined
      ? endWhenStill(
          stopping,
          () => sender.sequence,
          () => request.standStill(),
        )
      : undefined;
  try {
    if (announcement !== undefined) outlet.publish(to, EMPTY, announcement, control);
    const ending = await sender.send(items, (item) => encoded(item, encode));
    if (ending === 'cancelled') announceCancel(request);
    if (ending === 'gone') throw errorNamed('streamGone');
    if (ending === 'stopped' && refusal !== undefined)
      throw errorNamed('streamNotControlled', undefined, { cause: refusal });
    if (ending === 'stopped') request.signal.throwIfAborted();
  } finally {
    numberEnd();
    stopListening();
    stopWatching?.();
    request.signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Sends each item as one reply message to a reader that grants no credit, with the bounds of all streams: for middleware
 * whose own reply, sent afterwards, ends the stream in the words of another protocol.
 * @param ctx what the middleware was called with
 * @throws ServiceError where the stream ends early; the reason of `ctx.signal` where the request has ended
 */
export function sendUncredited(
  items: AsyncIterable<unknown>,
  ctx: RequestContext,
  encode: (item: unknown) => Body,
): Promise<void> {
  return (ctx as unknown as Replying).sendUncredited(items, encode);
}

/**
 * A reader that left does not look any more. If it still reads, somebody else has cancelled, and it is not to take that
 * for the end. To the service it is not a failure.
 */
function announceCancel({ replyHeaders }: Replying): void {
  replyHeaders.set(ERROR_CODE_HEADER, '499');
  replyHeaders.set(ERROR_HEADER, 'the stream was cancelled');
}

/** Milliseconds without an item after which a stream is ended, once the service stops. */
const STILL_TIMEOUT = 500;
const STILL_INTERVAL = 50;

/** Looks after a stream from the moment when its service begins to stop; gives the way to end that. */
function endWhenStill(stopping: Stopping, sent: () => number, end: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const forget = stopping.onBegin(() => {
    let last = sent();
    let still = 0;
    timer = setInterval(() => {
      still = sent() === last ? still + STILL_INTERVAL : 0;
      last = sent();
      if (still < STILL_TIMEOUT) return;
      clearInterval(timer);
      end();
    }, STILL_INTERVAL);
  });
  return () => {
    forget();
    clearInterval(timer);
  };
}

/** Nobody reads the items, and yet the handler is to do its work; not for ever, because nobody can end it either. */
async function runThrough(items: AsyncIterable<unknown>, { signal }: Replying, { uncredited }: EndpointRuntime) {
  let count = 0;
  for await (const _ of items) {
    signal.throwIfAborted();
    if (++count > uncredited.items) throw errorNamed('streamUnread', { items: uncredited.items });
    // Items that are always ready would hold up all else.
    if (count % ITEMS_OF_A_TURN === 0) await nextTurn();
  }
}

/** A caller that grants credit says so; to others items go as they are made. */
function termsOf(request: Replying): StreamTerms {
  const credit = hasHeaders(request.message) ? creditIn(request.headers.get(CREDIT_HEADER)) : undefined;
  if (credit === undefined) return { credit: Infinity, heartbeat: 0 };
  return { credit, heartbeat: heartbeatIn(request.headers.get(HEARTBEAT_HEADER)) };
}

function encoded(item: unknown, encode: (item: unknown) => Body): Body {
  try {
    return encode(item);
  } catch (cause) {
    throw errorNamed('itemNotEncoded', undefined, { cause });
  }
}
