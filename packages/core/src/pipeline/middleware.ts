import { isThenable } from '@natsmith/protocol';
import type { Kind, MessageContext, Middleware } from '../define/handler';
import { middlewareOf } from '../define/only';
import type { Context, Execute } from './context';
import { inScopeOfMiddleware } from './scope';

/** Told when a middleware let its `next()` run on without waiting for it. */
export type ReportStray = (message: string) => void;

/** Wraps `inner` in the middleware of its kind, the first outermost. Without any, `inner` itself comes back. */
export function compose<Ctx extends Context>(
  kind: Kind,
  middleware: readonly Middleware[],
  inner: Execute<Ctx>,
  where: string,
  report: ReportStray,
): Execute<Ctx> {
  const layers = middleware.map((layer) => middlewareOf(kind, layer)).filter((layer) => layer !== undefined);
  if (layers.length === 0) return inner;
  return layers.reduceRight<Execute<Ctx>>((run, layer) => {
    const name = `middleware ${layer.name || 'without a name'} of ${where}`;
    return (ctx) => runLayer(layer, name, ctx, run, report);
  }, inScopeOfMiddleware(inner));
}

function runLayer<Ctx extends Context>(
  layer: Middleware,
  name: string,
  ctx: Ctx,
  run: Execute<Ctx>,
  report: ReportStray,
): unknown {
  let downstream: Downstream | undefined;
  const result = layer(ctx as unknown as MessageContext, () => {
    if (downstream !== undefined) throw new Error(`${name} called next() twice; call it once`);
    return (downstream = new Downstream(ctx, run));
  });
  if (downstream !== undefined && result === downstream) return downstream.outcome();
  if (isThenable(result))
    // By way of a real promise, because what only looks like one may do anything in its "then".
    return Promise.resolve(result).then((value) => {
      downstream?.checkAwaited(name, report);
      return value;
    });
  downstream?.checkAwaited(name, report);
  return result;
}

/** What `next()` gives: a promise that knows whether somebody waits for it, and is none when none is needed. */
class Downstream implements Promise<unknown> {
  readonly [Symbol.toStringTag] = 'Promise';
  private isAwaited = false;
  private isPending = false;
  private threw = false;
  private value: unknown;

  constructor(
    private readonly ctx: Context,
    run: Execute<never>,
  ) {
    try {
      this.value = run(ctx as never);
      if (isThenable(this.value)) {
        this.isPending = true;
        const settled = () => {
          this.isPending = false;
        };
        this.value = Promise.resolve(this.value);
        (this.value as Promise<unknown>).then(settled, settled);
      }
    } catch (thrown) {
      this.threw = true;
      this.value = thrown;
    }
  }

  /** The value, a promise of it, or the error thrown. */
  outcome(): unknown {
    if (this.threw) throw this.value;
    return this.value;
  }

  checkAwaited(name: string, report: ReportStray): void {
    if (!this.isAwaited) throw new Error(`${name} did not await next(), so its result was lost; await or return it`);
    if (this.isPending) report(`${name} ended before the next() that it called; await or return it`);
  }

  then<A = unknown, B = never>(
    onValue?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isAwaited = true;
    const promise = this.isPending ? this.inTime() : this.settled();
    const derived = promise.then(onValue, onError);
    // `await` and `catch` take errors; a `then` that nobody waits for is not to end the process.
    if (!onError) derived.catch(ignore);
    return derived;
  }

  private settled(): Promise<unknown> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return this.threw ? Promise.reject(this.value) : Promise.resolve(this.value);
  }

  /** The value, or the error with which the message ends before its handler: a 504, for one. */
  private inTime(): Promise<unknown> {
    const value = this.value as Promise<unknown>;
    return new Promise((resolve, reject) => {
      value.then(resolve, reject);
      this.ctx.onAbort((reason) => {
        this.ctx.keepPlaceUntil(value);
        reject(reason);
      });
    });
  }

  catch<B = never>(onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.then(undefined, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<unknown> {
    const derived = this.then().finally(onEnd);
    derived.catch(ignore);
    return derived;
  }
}

const ignore = (): void => undefined;
