import type { CallOptions } from './call';

/** What `onStart` and its like are: the service's own business. */
type Lifecycle = 'onStart' | 'onStop' | 'then';

type Method = (...args: never[]) => unknown;

/** The methods of a service class as its clients call them; streams become async iterables, all else promises. */
export type ServiceProxy<T> = {
  readonly [M in keyof T as M extends Lifecycle | symbol ? never : T[M] extends Method ? M : never]: RemoteMethod<T[M]>;
};

/** A handler `(payload, ctx?)` from the caller's side. */
export type RemoteMethod<F> = F extends (...args: infer A) => infer R
  ? (...args: RemoteArguments<A>) => RemoteResult<R>
  : never;

type RemoteArguments<A extends unknown[]> = A['length'] extends 0
  ? [payload?: undefined, options?: CallOptions]
  : undefined extends A[0]
    ? [payload?: A[0], options?: CallOptions]
    : [payload: A[0], options?: CallOptions];

// `any` is told by 0 being a part of 1 & any, and becomes unknown rather than spreading.
type RemoteResult<R> = 0 extends 1 & R
  ? Promise<unknown>
  : [R] extends [never]
    ? Promise<never>
    : [Awaited<R>] extends [AsyncIterable<infer Item>]
      ? AsyncIterable<Item>
      : Promise<Awaited<R>>;

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
