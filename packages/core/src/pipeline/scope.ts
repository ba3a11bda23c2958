import { AsyncLocalStorage } from 'node:async_hooks';
import { ServiceError, isThenable } from '@natsmith/protocol';
import type { Context, Execute } from './context';

/**
 * Keeps what a handler gives in the asynchronous context of its middleware: the body of a generator, which runs when
 * its items are asked for, and what is logged of a failure. Only for handlers that have middleware.
 */
export function inScopeOfMiddleware<Ctx extends Context>(handle: Execute<Ctx>): Execute<Ctx> {
  return (ctx) => {
    try {
      const result = handle(ctx);
      if (!isThenable(result)) return carried(result);
      return Promise.resolve(result).then(carried, (thrown: unknown) => rethrow(thrown, ctx));
    } catch (thrown) {
      return rethrow(thrown, ctx);
    }
  };
}

function rethrow(thrown: unknown, ctx: Context): never {
  // An error on purpose is not logged, unless it says more than its caller gets.
  if (!(thrown instanceof ServiceError) || thrown.cause !== undefined) ctx.scope = AsyncLocalStorage.snapshot();
  throw thrown;
}

function carried(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return value;
  return new ScopedIterable(value as AsyncIterable<unknown>, AsyncLocalStorage.snapshot());
}

type Scope = <T>(work: () => T) => T;

/** An iterable whose body runs in the scope in which it was made, wherever its items are asked for. */
class ScopedIterable implements AsyncIterable<unknown> {
  constructor(
    private readonly items: AsyncIterable<unknown>,
    private readonly scope: Scope,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const { scope } = this;
    const iterator = scope(() => this.items[Symbol.asyncIterator]());
    return {
      next: () => scope(() => iterator.next()),
      ...(typeof iterator.return === 'function' && {
        return: (value?: unknown) => scope(() => (iterator.return as NonNullable<typeof iterator.return>)(value)),
      }),
    };
  }
}
