import { ServiceError, type Message, type HeaderLines } from '@natsmith/protocol';
import { isObserved, observe } from '../channels';
import { anySignal } from '../propagation';
import { loadStreams } from '../stream/load';
import { EMPTY, type BodyKind } from './body';
import type { CallOptions } from './call-options';
import { contextOf, type Caller } from './caller';
import { mayBeAcknowledgement, refuseAcknowledgement } from './captured';
import type { Destination } from './destination';
import { headerLines } from './header-lines';
import { RequestBody } from './request-body';
import { sendRequest } from './request';
import { runUnder } from './retry';
import { Route } from './route';
import { CLOCK_TOLERANCE, TimeoutError, timeoutOf } from './timeout-error';

/** Makes of a reply what the caller wants of it. @throws the error that it carries */
export type ReadReply<T> = (message: Message, as: BodyKind, subject: string) => T;

/** A call, from top to bottom: resolve, encode, client middleware, send, read. */
export async function call<T>(
  caller: Caller,
  destination: Destination,
  payload: unknown,
  options: CallOptions,
  read: ReadReply<T>,
): Promise<T> {
  const { inbox, propagation, middleware } = caller;
  const timeout = timeoutOf(options.timeout, caller.timeout);

  // Resolve. INFO was asked once, so most calls wait for nothing here.
  const route = new Route(destination, destination.endpoint ?? (await destination.find()), options.params);

  // Encode.
  const body = new RequestBody(payload, route.endpoint, destination);
  const headers = headerLines(propagation.headers, options.headers);

  // Client middleware, around all attempts; and who listens to the channels, around that.
  const context =
    middleware.isEmpty && !isObserved('call') ? undefined : contextOf('call', destination, route, options);
  const operation = context && observe(context, headers);
  return operation === undefined ? wrapped(headers) : operation.run(wrapped);

  function wrapped(lines: HeaderLines): Promise<T> {
    if (context === undefined || middleware.isEmpty) return attempts(lines);
    return middleware.run(context, lines, attempts) as Promise<T>;
  }

  function attempts(lines: HeaderLines): Promise<T> {
    const isIdempotent = (): boolean => route.endpoint.isIdempotent && body.isRepeatable;
    const signal = anySignal(propagation.signal, options.signal);
    return runUnder(options, isIdempotent, signal, (signal) => route.follow(() => once(lines, signal)));
  }

  // Send, and read.
  async function once(lines: HeaderLines, signal: AbortSignal | undefined): Promise<T> {
    const { endpoint, subject } = route;
    const inChunks = body.mayNeedChunks(inbox) && (await destination.takesChunks(endpoint));
    const upload =
      body.isRepeatable && !inChunks
        ? undefined
        : (await loadStreams()).uploadOf(body, inbox, subject, lines, inChunks);
    const startedAt = performance.now();
    if (operation !== undefined) operation.attempts++;
    try {
      const message = await sendRequest(inbox, subject, upload === undefined ? body.bytes : EMPTY, {
        timeout,
        expiresAt: propagation.expiresAt,
        signal: upload === undefined ? signal : anySignal(signal, upload.failed),
        headers: upload === undefined ? lines : [...lines, ...upload.headers],
        advice: destination.advice,
      });
      if (mayBeAcknowledgement(message)) await refuseAcknowledgement(inbox, message, subject);
      return read(message, options.as ?? 'json', subject);
    } catch (error) {
      // Caller and service see the same moment pass; whichever says so first, it is one error.
      const isUp = performance.now() - startedAt >= timeout - CLOCK_TOLERANCE;
      throw isUp && error instanceof ServiceError && error.code === 504 ? new TimeoutError(subject, timeout) : error;
    } finally {
      upload?.stop();
    }
  }
}
