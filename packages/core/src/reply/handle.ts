import { nuid } from '@nats-io/nuid';
import { CANCEL_HEADER, isReceived, MAX_TIMER, REQUEST_ID_HEADER, ServiceError } from '@natsmith/protocol';
import { chunkCreditOf, sendInChunks } from './chunks';
import { Context } from '../pipeline/context';
import { encodeReply } from '../payload/codec';
import { errorReply, type ErrorReply } from './error-reply';
import type { PendingRequest } from '../pipeline/active';
import type { Body, EndpointRuntime } from './endpoint-runtime';
import { HeadersToSend } from '../pipeline/headers';
import { hasHeaders, repliesToInbox, replySubject, type RequestMessage } from '../pipeline/message';
import { stopping } from '../pipeline/stopping';
import { isAsyncIterable, sendStream } from './stream';
import { isThenable } from '../payload/thenable';

/** Milliseconds by which the clocks of a caller and of what it calls may differ. */
const CLOCK_TOLERANCE = 5;
/** Milliseconds that a stop waits for a stream to clean up whose reader was told of the stop. */
const CLEANUP_TIME = 100;

/** Takes one message to its reply. Never throws: whatever goes wrong becomes the error reply. */
export function handle(endpoint: EndpointRuntime, message: RequestMessage): void {
  const request = new Request(endpoint, message);
  const { replySubjects } = endpoint.outlet;
  if (repliesToInbox(message) && replySubjects.acceptsEveryInbox) return request.admit();
  const subject = replySubject(message);
  const problem = subject === '' ? undefined : replySubjects.replyProblem(subject);
  if (problem === undefined) request.admit();
  else request.refuse(subject, problem);
}

class Request extends Context implements PendingRequest {
  /** The handler's promise is not settled yet. */
  private isRunning = false;
  before: PendingRequest | undefined;
  after: PendingRequest | undefined;
  isListed = false;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly runtime: EndpointRuntime,
    message: RequestMessage,
  ) {
    super(runtime, message);
  }

  /** Ends it without a word to the caller: the subject that it names is not its own. */
  refuse(subject: string, problem: string): void {
    this.runtime.refusals.add(subject, problem);
    this.end('400:reply subject refused');
  }

  /** Takes a place in each limiter, in order, then starts. */
  admit(): void {
    const { limiters } = this.runtime;
    for (let limiter = limiters[this.places]; limiter !== undefined; limiter = limiters[this.places]) {
      const answer = limiter.enter(this);
      if (answer === 'refused') return this.fail(new ServiceError(503, 'too many requests; try again later'));
      if (answer === 'waits') return this.watch();
      this.places++;
    }
    this.start();
  }

  resume(): void {
    this.places++;
    // It may have ended on its way out of the queue.
    if (this.isDone) this.release();
    else this.admit();
  }

  private start(): void {
    if (this.places > 0) this.startedAt = performance.now();
    if (this.expiresAt <= this.startedAt) return this.expire();
    try {
      const result = this.runtime.run(this);
      if (isThenable(result)) void this.settle(result);
      else this.succeed(result);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  private async settle(result: PromiseLike<unknown>): Promise<void> {
    this.isRunning = true;
    this.watch();
    try {
      const value = await result;
      this.isRunning = false;
      this.succeed(value);
    } catch (thrown) {
      this.isRunning = false;
      this.fail(thrown);
    }
  }

  private succeed(value: unknown): void {
    if (this.isDone) return this.endLate();
    if (isAsyncIterable(value)) return void this.settle(sendStream(value, this, this.runtime));
    if (this.expiresAt < Infinity && performance.now() > this.expiresAt) return this.expire();
    let body: Body;
    try {
      body = encodeReply(value, this.runtime.codec);
    } catch (cause) {
      return this.fail(new ServiceError(500, 'reply cannot be encoded', { cause }));
    }
    const tooLarge = this.reply(body, this.setHeaders, false);
    if (tooLarge === undefined) return this.end();
    // An empty body is too large by its headers, which chunks do not carry.
    const credit = body.length === 0 ? undefined : chunkCreditOf(this);
    if (credit !== undefined) return void this.settle(sendInChunks(body, credit, this, this.runtime));
    this.fail(this.logged(tooLarge));
  }

  private fail(thrown: unknown): void {
    if (this.isDone) return this.endLate(thrown);
    const { codec } = this.runtime;
    let reply: ErrorReply;
    try {
      reply = errorReply(this.toServiceError(thrown), this.replyHeaders, codec);
    } catch (unsendable) {
      // Its code, headers or data cannot be sent, or it throws where it is looked at.
      reply = errorReply(this.internalError(unsendable), new HeadersToSend(), codec);
    }
    const tooLarge = this.reply(reply.body, reply.headers, true);
    if (tooLarge !== undefined) {
      reply = errorReply(this.logged(tooLarge), new HeadersToSend(), codec);
      this.reply(reply.body, reply.headers, true);
    }
    this.end(reply.summary);
  }

  /** The one way from whatever was thrown to what the caller may know of it. Throws where looking at it does. */
  private toServiceError(thrown: unknown): ServiceError {
    const { logger, where, stopping: notice } = this.runtime;
    // Who ends because `ctx.stopping` said so has not failed.
    if (notice.isReasonOf(thrown)) return stopping();
    if (isReceived(thrown)) return this.upstreamError(thrown);
    if (!(thrown instanceof ServiceError)) return this.internalError(thrown);
    if (thrown.cause !== undefined) logger.warn({ endpoint: where, err: thrown.cause }, thrown.message);
    return thrown;
  }

  /** What another service answered is between it and this one. */
  private upstreamError(received: unknown): ServiceError {
    const { logger, where } = this.runtime;
    logger.error({ endpoint: where, subject: this.subject, err: received }, 'upstream error');
    // The other service, or the client, may see the caller's time pass before the timer here does.
    const isUp = this.expiresAt - performance.now() <= CLOCK_TOLERANCE;
    return isUp ? new ServiceError(504, 'timeout') : new ServiceError(502, 'upstream error');
  }

  private internalError(thrown: unknown): ServiceError {
    const { logger, where } = this.runtime;
    const requestId = nuid.next();
    logger.error({ endpoint: where, subject: this.subject, requestId, err: thrown }, 'handler failed');
    return new ServiceError(500, 'internal error', { headers: { [REQUEST_ID_HEADER]: requestId } });
  }

  /** Publishes the reply; gives the error to send instead when it is over the server's limit. */
  private reply(body: Body, headers: HeadersToSend | undefined, isError: boolean): ServiceError | undefined {
    const subject = replySubject(this.message);
    if (subject === '') return undefined;
    const { outlet, logger, where } = this.runtime;
    try {
      // Besides inboxes only JetStream's acknowledgements begin with "$", and they take no other words.
      if (subject.startsWith('$')) outlet.publish(subject, isError ? '-NAK' : '+ACK');
      else outlet.publish(subject, body, headers);
    } catch (err) {
      const size = Buffer.byteLength(body) + (headers?.encode().length ?? 0);
      if (size > outlet.maxPayload)
        return new ServiceError(500, `reply of ${size} bytes is over max_payload (${outlet.maxPayload} bytes)`);
      // A closed connection: there is nobody left to tell but the log.
      logger.error({ endpoint: where, err }, 'reply could not be sent');
    }
    return undefined;
  }

  private logged(tooLarge: ServiceError): ServiceError {
    const { logger, where } = this.runtime;
    logger.error({ endpoint: where, err: tooLarge }, 'reply is over max_payload');
    return tooLarge;
  }

  private end(error?: string): void {
    const { counter, logger, logsRequests, where } = this.runtime;
    const milliseconds = performance.now() - this.startedAt;
    counter.record(milliseconds, error);
    if (logsRequests) logger.debug({ endpoint: where, subject: this.subject, milliseconds, error }, 'request');
    this.isDone = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.stopListening?.();
    this.atEnd?.();
    // A handler that goes on after its caller was answered keeps its place: what it uses is still in use.
    if (!this.isRunning) this.release();
  }

  /** A handler has ended whose caller was answered long ago. */
  private endLate(err?: unknown): void {
    const { logger, where } = this.runtime;
    // A handler that stopped because its signal told it to has done what it should.
    if (this.isAbortedWith(err)) logger.debug({ endpoint: where }, 'handler stopped, as its signal told it to');
    else logger.warn({ endpoint: where, err }, 'handler ended after its time; its result is dropped');
    this.release();
  }

  /** Keeps an eye on a request that does not end in the callback which brought it. */
  private watch(): void {
    this.runtime.active.add(this);
    if (this.expiresAt < Infinity && this.timer === undefined) this.setTimer();
  }

  private setTimer(): void {
    const left = this.expiresAt - performance.now();
    this.timer = setTimeout(() => (left > MAX_TIMER ? this.setTimer() : this.expire()), Math.min(left, MAX_TIMER));
  }

  private expire(): void {
    this.endBefore(new ServiceError(504, 'timeout'));
  }

  cut(): void {
    this.endBefore(new ServiceError(503, 'service is stopping'));
  }

  override standStill(): void {
    this.endBefore(stopping());
    setTimeout(() => this.runtime.active.delete(this), CLEANUP_TIME);
  }

  private endBefore(error: ServiceError): void {
    if (this.isDone) return;
    this.abort(error);
    this.fail(error);
  }

  /** Costs a subscription, so only a handler that looks at its signal pays for it. */
  protected override awaitCancel(): void {
    if (this.isDone || !hasHeaders(this.message)) return;
    const subject = this.headers.get(CANCEL_HEADER);
    const { outlet, logger, where } = this.runtime;
    // A caller may name only a subject below its own inbox.
    if (!subject?.startsWith(`${replySubject(this.message)}.`)) return;
    if (outlet.replySubjects.streamProblem(subject) !== undefined) return;
    this.stopListening = outlet.listen(
      subject,
      () => this.endBefore(new ServiceError(499, 'cancelled by the caller')),
      (err) => logger.warn({ endpoint: where, err }, 'the caller cannot cancel: the server refuses its subject'),
    );
  }

  private release(): void {
    const { limiters, active } = this.runtime;
    active.delete(this);
    limiters[this.places]?.giveUp(this);
    while (this.places > 0) {
      const next = limiters[--this.places]?.leave();
      // A microtask, because a queue of handlers that are not async would else go through the stack.
      if (next !== undefined) queueMicrotask(() => next.resume());
    }
  }
}
