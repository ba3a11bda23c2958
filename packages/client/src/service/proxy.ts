import type { Serialized, SentPayload } from '@natsmith/protocol';
import type { CallOptions, StreamOptions } from '../call/call-options';

/** The service's own business. */
type Lifecycle = 'onStart' | 'onStop';

/** What JavaScript reads of any object, to await, print or compare it. */
type OfEveryObject = 'then' | 'toJSON' | keyof typeof Object.prototype;

type Method = (...args: never[]) => unknown;

/** The methods of a service class as its clients call them; streams become async iterables, all else promises. */
export type ServiceProxy<T> = {
  readonly [
    M in keyof T as M extends Lifecycle | OfEveryObject | symbol ? never : T[M] extends Method ? M : never
  ]: RemoteMethod<T[M]>;
};

/** A handler `(payload, ctx?)` from the caller's side. */
export type RemoteMethod<F> = F extends (...args: infer A) => infer R
  ? ItemOf<R> extends infer Item
    ? [Item] extends [never]
      ? (...args: RemoteArguments<A, CallOptions>) => Promise<Serialized<ReplyOf<R>>>
      : (...args: RemoteArguments<A, StreamOptions>) => AsyncIterable<Serialized<Item>>
    : never
  : never;

type RemoteArguments<A extends unknown[], Options> = A['length'] extends 0
  ? [payload?: undefined, options?: Options]
  : undefined extends A[0]
    ? [payload?: RemotePayload<Exclude<A[0], undefined>>, options?: Options]
    : [payload: RemotePayload<A[0]>, options?: Options];

/** A handler that takes a stream is sent any iterable. */
type RemotePayload<P> =
  IsAny<P> extends true
    ? unknown
    : [P] extends [AsyncIterable<infer Item>]
      ? AsyncIterable<SentPayload<Item>> | Iterable<SentPayload<Item>>
      : SentPayload<P>;

// `any` is recognized by 0 being assignable to 1 & any.
type IsAny<T> = 0 extends 1 & T ? true : false;

/** What a stream is made of; never for all that is not a stream. */
type ItemOf<R> =
  IsAny<R> extends true
    ? never
    : [R] extends [never]
      ? never
      : [Awaited<R>] extends [AsyncIterable<infer Item>]
        ? Item
        : never;

type ReplyOf<R> = IsAny<R> extends true ? unknown : Awaited<R>;

/** A service whose class is unknown here. */
export type AnyService = Record<string, (payload: unknown) => unknown>;

/** Where a proxy's calls go. */
export interface ProxyTarget {
  readonly service: string;
  /** The names that the service has, as far as it is known now. */
  methods(): readonly string[];
  has(method: string): boolean;
  /** The function that calls it, made once. */
  method(name: string): (payload: unknown, options?: CallOptions) => unknown;
}

/** Names that are never calls, also where a service has an endpoint of that name. */
const OF_EVERY_OBJECT = new Set(['then', 'toJSON', ...Object.getOwnPropertyNames(Object.prototype)]);
/** What libraries that print, compare or wrap values ask them for; calls where a service has an endpoint of that name. */
const ASKED_BY_LIBRARIES = new Set([
  ...['asymmetricMatch', 'catch', 'finally', 'hasAttribute', 'inspect', 'length', 'nodeType', 'prototype', 'size'],
  ...['tagName', 'toArray', 'toJS', 'toObject'],
]);

/**
 * An object whose methods are the endpoints of a service. To everything else it is an ordinary object: it can be
 * awaited, printed, compared, spread and serialized, and nothing is sent.
 */
export function serviceProxy<T>(target: ProxyTarget): ServiceProxy<T> {
  const calls = new Map<string, unknown>();
  const callOf = (name: string): unknown => {
    let call = calls.get(name);
    if (call === undefined) {
      call = target.method(name);
      Object.defineProperty(call, 'name', { value: name });
      calls.set(name, call);
    }
    return call;
  };
  const isCall = (name: string | symbol): name is string =>
    typeof name === 'string' && !OF_EVERY_OBJECT.has(name) && target.has(name);
  const tag = { value: `service ${target.service}`, configurable: true };
  return new Proxy(Object.defineProperty({}, Symbol.toStringTag, tag), {
    get(object, name) {
      if (isCall(name)) return callOf(name);
      if (typeof name === 'symbol' || OF_EVERY_OBJECT.has(name)) return Reflect.get(object, name) as unknown;
      return mayBecomeCall(name) ? mayFail(callOf(name)) : undefined;
    },
    has: (object, name) => isCall(name) || Reflect.has(object, name),
    ownKeys: (object) => [...target.methods().filter(isCall), ...Reflect.ownKeys(object)],
    getOwnPropertyDescriptor: (object, name) =>
      isCall(name)
        ? { value: callOf(name), enumerable: true, configurable: true, writable: false }
        : Reflect.getOwnPropertyDescriptor(object, name),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  }) as ServiceProxy<T>;
}

/** Endpoints can be added to a running service, so a name that is unknown now is looked for when it is called. */
function mayBecomeCall(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(name) && !ASKED_BY_LIBRARIES.has(name);
}

/** Code that probes what a value can do drops the result; an error of such a call must not end the process. */
function mayFail(call: unknown): unknown {
  return (...args: unknown[]): unknown => {
    const reply = (call as (...args: unknown[]) => unknown)(...args);
    if (reply instanceof Promise) reply.catch(() => undefined);
    return reply;
  };
}
