import type { Event, ParamsOf, ServiceError } from '@natsmith/protocol';
import type { BoundLogger } from './logger';

/** The headers of a request; names are matched as they were sent, case included. */
export interface RequestHeaders {
  /** The first value, or undefined. */
  get(name: string): string | undefined;
  /** All values in the order in which they were sent; none for a name that was not. */
  getAll(name: string): string[];
  has(name: string): boolean;
  /** The names, each once. */
  keys(): string[];
}

/** The headers that go out with the reply; names keep their case. A bad name or a line break throws a TypeError. */
export interface ReplyHeaders {
  /** Replaces all values of the name. */
  set(name: string, value: string): void;
  /** Adds a value beside those that the name has. */
  append(name: string, value: string): void;
  delete(name: string): void;
}

/** What a handler says of itself. */
export interface HandlerInfo {
  readonly name: string;
  /** As subscribed, named tokens replaced by `*`. */
  readonly subject: string;
  /** `""` for none. */
  readonly queueGroup: string;
  /** What decorators say of it: `metadata` of `@Endpoint`, `@Subscribe` and others, and `@Metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the contexts of all kinds of handlers share. */
export interface BaseContext {
  /** What kind of handler it is: `endpoint`, `event`, or one that a package adds. */
  readonly kind: string;
  /** The subject that the message was sent to. */
  readonly subject: string;
  /** Values of the subject's named tokens: `{id}.get` gives `params.id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: RequestHeaders;
  readonly service: { readonly name: string; readonly version: string; readonly id: string };
  readonly handler: HandlerInfo;
  /** Aborted when the timeout or deadline passes, the caller cancels, or the service is made to stop. */
  readonly signal: AbortSignal;
  /**
   * Aborted when a graceful stop begins, so that live streams and long handlers can end; its reason is a `ServiceError`
   * 503. One signal for all messages of the service: a listener that is added to it should be removed.
   */
  readonly stopping: AbortSignal;
  /** When the handler's timeout or the caller's patience ends, whichever is first; undefined when neither is set. */
  readonly deadline: Date | undefined;
  /** The host's logger; each line says service, handler, kind, subject, `requestId` and, where there is one, `traceId`. */
  readonly log: BoundLogger;
  /** Random; on every log line about the message, and in the header `Natsmith-Request-Id` of a 500 reply. */
  readonly requestId: string;
  /** That of the header `traceparent`, or of what traces here: 32 hexadecimal digits; undefined without one. */
  readonly traceId: string | undefined;
  /**
   * Resolves when the outcome is settled: the reply, or the last item of a stream, has gone out; the message is
   * acknowledged. With the error that was sent, or that STATS shows, if there was one.
   */
  readonly finished: Promise<{ readonly error?: ServiceError }>;
  /** A place for middleware to leave things for the handler. */
  readonly state: Map<unknown, unknown>;
  /** The client library's own message. */
  readonly message: unknown;
}

/** What a handler and its middleware know of one request. */
export interface RequestContext extends BaseContext {
  readonly kind: 'endpoint';
  readonly endpoint: { readonly name: string; readonly subject: string; readonly queueGroup: string };
  readonly replyHeaders: ReplyHeaders;
}

/** What a handler of an event, or of several, knows of one of them. */
export interface EventContext<E extends Event = Event> extends BaseContext {
  readonly kind: 'event';
  readonly params: ParamsOf<E>;
  /** Which of the events it is. */
  readonly event: E;
}

/** The contexts by kind. Packages add theirs: `declare module '@natsmith/core' { interface ContextKinds { … } }`. */
export interface ContextKinds {
  endpoint: RequestContext;
  event: EventContext;
}

/** The kinds of handlers. */
export type Kind = keyof ContextKinds;

/** The context of a kind. */
export type ContextOf<K extends Kind> = ContextKinds[K];

/** The context of a handler of any kind; `ctx.kind` narrows it. */
export type MessageContext = ContextKinds[Kind];

/** Goes on to the next middleware or the handler, and resolves to the handler's value. Call it once, and await it. */
export type Next = () => Promise<unknown>;

/**
 * Runs around handlers of all kinds, or of `K`: such middleware is given as `only('endpoint', middleware)`.
 * What it returns is the reply of an endpoint, what it throws the error reply.
 */
export type Middleware<K extends Kind = Kind> = (ctx: ContextOf<K>, next: Next) => unknown;

export type { Codec, CodecName, ItemStream, ItemType, PayloadClass, PayloadOf, PayloadType } from '@natsmith/protocol';
