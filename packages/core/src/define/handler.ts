import type { StandardSchemaV1 } from '@standard-schema/spec';

/** The headers of a request; names are matched as they were sent, case included. */
export interface RequestHeaders {
  /** The first value, or undefined. */
  get(name: string): string | undefined;
  getAll(name: string): string[];
  has(name: string): boolean;
  keys(): string[];
}

/** The headers that go out with the reply; names keep their case. A bad name or a line break throws a TypeError. */
export interface ReplyHeaders {
  /** Replaces all values of the name. */
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
}

/** What a handler and its middleware know of one request. */
export interface RequestContext {
  /** The subject that the request was sent to. */
  readonly subject: string;
  /** Values of the endpoint's named tokens: `{id}.get` gives `params.id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: RequestHeaders;
  readonly replyHeaders: ReplyHeaders;
  readonly service: { readonly name: string; readonly version: string; readonly id: string };
  readonly endpoint: { readonly name: string; readonly subject: string; readonly queueGroup: string };
  /** Aborted when the timeout or deadline passes, the caller cancels, or the service is made to stop. */
  readonly signal: AbortSignal;
  /**
   * Aborted when a graceful stop begins, so that live streams and long handlers can end; its reason is a `ServiceError`
   * 503. One signal for all requests of the service: a listener that is added to it should be removed.
   */
  readonly stopping: AbortSignal;
  /** When the endpoint's timeout or the caller's patience ends, whichever is first; undefined when neither is set. */
  readonly deadline: Date | undefined;
  /** A place for middleware to leave things for the handler. */
  readonly state: Map<unknown, unknown>;
  /** The client library's own message. */
  readonly message: unknown;
}

/** Goes on to the next middleware or the handler, and resolves to the handler's value. Call it once, and await it. */
export type Next = () => Promise<unknown>;

/** Runs around the handler; what it returns is the reply, what it throws the error reply. */
export type Middleware = (ctx: RequestContext, next: Next) => unknown;

/** Turns bodies into values and back. Whatever `decode` throws is a 400, whatever `encode` throws a 500. */
export interface Codec<T = unknown> {
  /** Shown in errors and logs. */
  readonly name: string;
  decode(body: Uint8Array): T;
  /** Text goes out as UTF-8. */
  encode(value: T): Uint8Array | string;
}

/** A codec of natsmith's own, by name. `json` is the default. */
export type CodecName = 'json' | 'text' | 'bytes';

/** A class that payloads are instances of. */
// An abstract signature of `never` accepts every constructor without saying `any`.
export type PayloadClass<T = unknown> = abstract new (...args: never) => T;

/** What the items of a stream are. */
export type ItemType = PayloadClass | readonly [PayloadClass] | StandardSchemaV1 | 'unchecked';

/** A stream of items, in the place of one payload or reply. */
export interface ItemStream<Item extends ItemType = ItemType> {
  readonly streamOf: Item;
}

/** What `request` and `response` take: a class, an array of it, a Standard Schema, `'unchecked'`, or a stream of these. */
export type PayloadType = ItemType | ItemStream;

/** The value that a {@link PayloadType} stands for. */
export type PayloadOf<P> = P extends 'unchecked'
  ? never
  : P extends ItemStream<infer Item>
    ? AsyncIterable<PayloadOf<Item>>
    : P extends StandardSchemaV1<infer _I, infer O>
      ? O
      : P extends NumberConstructor
        ? number
        : P extends StringConstructor
          ? string
          : P extends BooleanConstructor
            ? boolean
            : P extends readonly [infer Item]
              ? PayloadOf<Item>[]
              : P extends PayloadClass<infer T>
                ? T
                : never;
