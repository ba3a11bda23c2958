import type { CallOptions, StreamOptions } from './call-options';

/** What `onStart` and its like are: the service's own business. */
type Lifecycle = 'onStart' | 'onStop' | 'then';

type Method = (...args: never[]) => unknown;

/** The methods of a service class as its clients call them; streams become async iterables, all else promises. */
export type ServiceProxy<T> = {
  readonly [M in keyof T as M extends Lifecycle | symbol ? never : T[M] extends Method ? M : never]: RemoteMethod<T[M]>;
};

/** A handler `(payload, ctx?)` from the caller's side. */
export type RemoteMethod<F> = F extends (...args: infer A) => infer R
  ? ItemOf<R> extends infer Item
    ? [Item] extends [never]
      ? (...args: RemoteArguments<A, CallOptions>) => Promise<ReplyOf<R>>
      : (...args: RemoteArguments<A, StreamOptions>) => AsyncIterable<Item>
    : never
  : never;

type RemoteArguments<A extends unknown[], Options> = A['length'] extends 0
  ? [payload?: undefined, options?: Options]
  : undefined extends A[0]
    ? [payload?: A[0], options?: Options]
    : [payload: RemotePayload<A[0]>, options?: Options];

/** A handler that takes a stream is sent any iterable. */
type RemotePayload<P> = [P] extends [AsyncIterable<infer Item>] ? AsyncIterable<Item> | Iterable<Item> : P;

// `any` is told by 0 being a part of 1 & any.
type IsAny<T> = 0 extends 1 & T ? true : false;

/** What a stream is made of; never for all that is no stream. */
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

type Invoke = (method: string, payload: unknown, options: CallOptions | undefined) => unknown;

/** An object that has every method there may be: endpoints can be added to a running service. */
export function serviceProxy<T>(invoke: Invoke): ServiceProxy<T> {
  const methods = new Map<string, unknown>();
  return new Proxy(Object.freeze({}), {
    get(_, name) {
      // With a "then", `await client.service()` would call it.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      if (!methods.has(name))
        methods.set(name, (payload: unknown, options?: CallOptions) => invoke(name, payload, options));
      return methods.get(name);
    },
  }) as ServiceProxy<T>;
}
