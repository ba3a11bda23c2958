import type { ItemReceiver, HeaderLines } from '@natsmith/protocol';
import { EMPTY } from '../call/body';
import type { StreamOptions } from '../call/call-options';
import { contextOf, type Caller } from '../call/caller';
import type { Destination } from '../call/destination';
import { headerLines } from '../call/header-lines';
import { RequestBody } from '../call/request-body';
import { runUnder } from '../call/retry';
import { Route } from '../call/route';
import { CLOCK_TOLERANCE, timeoutOf } from '../call/timeout-error';
import { observe } from '../channels';
import { anySignal } from '../propagation';
import { uploadOf } from './chunked-request';
import { openObserved } from './observed-stream';
import { openStream, settingsOf } from './open';
import { OpenedStream } from './opened-stream';

/** The opening of a stream, from top to bottom: resolve, encode, client middleware, send, read the first item. */
export async function begin<Item>(
  caller: Caller,
  destination: Destination,
  payload: unknown,
  options: StreamOptions,
  firstWithin: number | undefined,
  left: AbortSignal,
): Promise<OpenedStream<Item>> {
  const { inbox, propagation, middleware } = caller;
  const timeout = timeoutOf(options.timeout, Infinity);
  const now = performance.now();
  const expiresAt = Math.min(propagation.expiresAt, now + timeout);
  const allowed = Math.min(timeout, Math.max(0, Math.ceil(propagation.expiresAt - now)));

  // Resolve.
  const route = new Route(destination, destination.endpoint ?? (await destination.find()), options.params);

  // Encode.
  const body = new RequestBody(payload, route.endpoint, destination);
  const headers = headerLines(propagation.headers, options.headers);

  // Client middleware, around all attempts; and who listens to the channels, around that.
  const receivers = new Set<ItemReceiver<Item>>();
  const context = contextOf('stream', destination, route, options);
  const operation = observe(context, headers);
  return operation === undefined ? wrapped(headers) : openObserved(operation, left, wrapped);

  async function wrapped(lines: HeaderLines): Promise<OpenedStream<Item>> {
    if (middleware.isEmpty) return attempts(lines);
    try {
      return await OpenedStream.of<Item>(await middleware.run(context, lines, attempts));
    } catch (error) {
      for (const receiver of receivers) void receiver.return();
      throw error;
    }
  }

  async function attempts(lines: HeaderLines): Promise<OpenedStream<Item>> {
    const isIdempotent = (): boolean =>
      // A stream that has used up its time is not opened again.
      route.endpoint.isIdempotent && body.isRepeatable && performance.now() < expiresAt - CLOCK_TOLERANCE;
    const signal = anySignal(propagation.signal, options.signal, left);
    let given: OpenedStream<Item> | undefined;
    try {
      const result = await runUnder(options, isIdempotent, signal, (signal) => route.follow(() => once(lines, signal)));
      given = await OpenedStream.of<Item>(result);
      return given;
    } finally {
      // A policy may have opened more than it gives: to try again after a result, or several at once.
      for (const receiver of receivers) if (receiver !== given?.rest) void receiver.return();
    }
  }

  // Send, and read the first item.
  async function once(lines: HeaderLines, signal: AbortSignal | undefined): Promise<OpenedStream<Item>> {
    const { endpoint, subject } = route;
    const inChunks = body.mayNeedChunks(inbox) && (await destination.takesChunks(endpoint));
    const upload = uploadOf(body, inbox, subject, lines, inChunks);
    if (operation !== undefined) operation.attempts++;
    try {
      const receiver = openStream<Item>(inbox, {
        ...settingsOf(options),
        subject,
        body: upload === undefined ? body.bytes : EMPTY,
        as: options.as ?? 'json',
        timeout: allowed,
        expiresAt,
        firstWithin: firstWithin ?? (timeout === Infinity ? caller.timeout : timeout),
        signal: anySignal(propagation.signal, options.signal, upload?.failed),
        headers: upload === undefined ? lines : [...lines, ...upload.headers],
        advice: destination.advice,
        onEnd: () => upload?.stop(),
      });
      receivers.add(receiver);
      return await OpenedStream.from(receiver, signal);
    } catch (error) {
      upload?.stop();
      throw error;
    }
  }
}
