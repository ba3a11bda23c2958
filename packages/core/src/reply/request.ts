import { CANCEL_HEADER, errorNamed, isAsyncIterable, type ServiceError, TIMEOUT_HEADER } from '@natsmith/protocol';
import type { RequestContext } from '../define/handler';
import { encodeReply } from '../payload/codec';
import { failureOf, internalError } from '../pipeline/failure';
import { HeadersToSend } from '../pipeline/headers';
import { hasHeaders, repliesToInbox, replySubject, type ReceivedMessage } from '../pipeline/message';
import { Run } from '../pipeline/run';
import { chunkCreditOf, sendInChunks } from './chunks';
import type { EndpointRuntime } from './endpoint-runtime';
import { errorReply, type ErrorReply } from './error-reply';
import type { Body } from './outlet';
import type { Replying } from './replying';
import { sendStream } from './stream';

const DECIMAL = /^[-+]?\d+(\.\d+)?$/;
// A hundred years in milliseconds: what is longer is not a deadline, and far beyond it lie dates that do not exist.
const MAX_TIMEOUT = 100 * 365 * 24 * 3600 * 1000;

/** Takes one message to its reply. Never throws: whatever goes wrong becomes the error reply. */
export function handle(endpoint: EndpointRuntime, message: ReceivedMessage): void {
  const request = new Request(endpoint, message);
  const { replySubjects } = endpoint.outlet;
  if (repliesToInbox(message) && replySubjects.acceptsEveryInbox) return request.admit();
  const subject = replySubject(message);
  const problem = subject === '' ? undefined : replySubjects.replyProblem(subject);
  if (problem === undefined) request.admit();
  else request.refuse(subject, problem);
}

/** A message whose outcome is a reply. */
export class Request extends Run<EndpointRuntime> implements RequestContext, Replying {
  private headersToSend: HeadersToSend | undefined;
  private error: ServiceError | undefined;

  constructor(runtime: EndpointRuntime, message: ReceivedMessage) {
    super(runtime, message);
    if (hasHeaders(message)) this.expiresAt = Math.min(this.expiresAt, this.arrivedAt + this.callersTimeout());
  }

  get kind(): 'endpoint' {
    return 'endpoint';
  }

  protected override get noun(): string {
    return 'request';
  }

  get endpoint(): RequestContext['endpoint'] {
    return this.runtime.endpoint;
  }

  get replyHeaders(): HeadersToSend {
    return (this.headersToSend ??= new HeadersToSend());
  }

  sendUncredited(items: AsyncIterable<unknown>, encode: (item: unknown) => Body): Promise<void> {
    return sendStream(items, this, this.runtime, { credit: Infinity, heartbeat: 0, encode });
  }

  /** Ends it without a word to the caller: the subject that it names is not its own. */
  refuse(subject: string, problem: string): void {
    const requests = this.runtime.refusals.add();
    if (requests > 0) this.log.warn({ replySubject: subject, requests }, `request refused: ${problem}`);
    this.end('400:reply subject refused');
  }

  protected override done(value: unknown): void {
    let body: Body;
    try {
      if (isAsyncIterable(value)) return void this.settle(sendStream(value, this, this.runtime));
      if (this.expiresAt < Infinity && performance.now() > this.expiresAt) return this.expire();
      body = encodeReply(value, this.runtime.codec);
    } catch (cause) {
      return this.fail(errorNamed('replyNotEncoded', undefined, { cause }));
    }
    const { headersToSend } = this;
    const tooLarge = this.reply(body, headersToSend?.isEmpty === false ? headersToSend : undefined, false);
    if (tooLarge === undefined) return this.end();
    // An empty body is too large by its headers, which chunks do not carry.
    const credit = body.length === 0 ? undefined : chunkCreditOf(this);
    if (credit !== undefined) return void this.settle(sendInChunks(body, credit, this, this.runtime));
    this.fail(this.logged(tooLarge));
  }

  protected override failed(thrown: unknown): void {
    this.inScope(() => this.replyError(thrown));
  }

  private replyError(thrown: unknown): void {
    const { codec } = this.runtime;
    let reply: ErrorReply;
    try {
      this.error = failureOf(thrown, this);
      reply = errorReply(this.error, this.replyHeaders, codec);
    } catch (unsendable) {
      // Its code, headers or data cannot be sent, or it throws where it is looked at.
      this.error = internalError(unsendable, this);
      reply = errorReply(this.error, new HeadersToSend(), codec);
    }
    const tooLarge = this.reply(reply.body, reply.headers, true);
    if (tooLarge !== undefined) {
      this.error = this.logged(tooLarge);
      reply = errorReply(this.error, new HeadersToSend(), codec);
      this.reply(reply.body, reply.headers, true);
    }
    this.end(reply.summary);
  }

  /** Publishes the reply; gives the error to send instead when it is over the server's limit. */
  private reply(body: Body, headers: HeadersToSend | undefined, isError: boolean): ServiceError | undefined {
    const subject = replySubject(this.message);
    if (subject === '') return undefined;
    const { outlet } = this.runtime;
    try {
      // Besides inboxes only JetStream's acknowledgements begin with "$", and they take no other words.
      if (subject.startsWith('$')) outlet.publish(subject, isError ? '-NAK' : '+ACK');
      else outlet.publish(subject, body, headers);
    } catch (err) {
      const size = Buffer.byteLength(body) + (headers?.encode().length ?? 0);
      if (size > outlet.maxPayload) return errorNamed('replyTooLarge', { size, max: outlet.maxPayload });
      // A closed connection: there is nobody left to tell but the log.
      this.log.error({ err }, 'reply could not be sent');
    }
    return undefined;
  }

  private logged(tooLarge: ServiceError): ServiceError {
    this.log.error({ err: tooLarge }, 'reply is over max_payload');
    return tooLarge;
  }

  protected override ending(): { readonly error?: ServiceError } {
    return this.error === undefined ? {} : { error: this.error };
  }

  private callersTimeout(): number {
    const value = this.headers.get(TIMEOUT_HEADER);
    // What is not a number is not a deadline; a caller whose time is up gets the 504 that it asked for.
    if (value === undefined || !DECIMAL.test(value)) return Infinity;
    const timeout = Math.max(Number(value), 0);
    return timeout > MAX_TIMEOUT ? Infinity : timeout;
  }

  /** Costs a subscription, so only a handler that looks at its signal pays for it. */
  protected override awaitCancel(): void {
    if (this.isDone || !hasHeaders(this.message)) return;
    const subject = this.headers.get(CANCEL_HEADER);
    const { outlet } = this.runtime;
    // A caller may name only a subject below its own inbox.
    if (!subject?.startsWith(`${replySubject(this.message)}.`)) return;
    if (outlet.replySubjects.streamProblem(subject) !== undefined) return;
    const stopListening = outlet.listen(
      subject,
      () => this.endBefore(errorNamed('cancelled')),
      (err) => this.log.warn({ err }, 'the caller cannot cancel: the server refuses its subject'),
    );
    this.onEnd(stopListening);
  }
}
