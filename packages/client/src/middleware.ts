import { HeadersToSend, warn, type HeaderLines, type OutgoingHeaders } from '@natsmith/protocol';

/** What a client's middleware knows of a call, stream or publish. */
export interface ClientContext {
  readonly kind: 'call' | 'stream' | 'publish';
  /** Where it goes. */
  readonly subject: string;
  /** The subject with its named tokens, such as `orders.{id}.get`; the subject itself where there are none. */
  readonly template: string;
  /** The service's name, for calls of `client.service()`. */
  readonly service: string | undefined;
  /** The method's name, for calls of `client.service()`. */
  readonly method: string | undefined;
  readonly headers: OutgoingHeaders;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Wraps calls, publishes and streams. `next()` resolves to the reply's value, or to a stream's iterable once its first
 * item is there; what the middleware returns is what the caller gets. Errors pass through it.
 */
export type ClientMiddleware = (ctx: ClientContext, next: () => Promise<unknown>) => unknown;

/** The middleware of a client, that of the client which it was made of by `with` first. */
export class MiddlewareStack {
  private readonly own: ClientMiddleware[] = [];

  constructor(private readonly parent?: MiddlewareStack) {}

  /** @throws TypeError for what is not a function */
  add(middleware: ClientMiddleware): void {
    if (typeof middleware !== 'function')
      throw new TypeError(`client middleware must be a function (ctx, next) => result, got ${typeof middleware}`);
    this.own.push(middleware);
  }

  get isEmpty(): boolean {
    return this.own.length === 0 && (this.parent === undefined || this.parent.isEmpty);
  }

  /** @param send makes the call with the headers that it is given */
  run(
    context: Omit<ClientContext, 'headers'>,
    lines: HeaderLines,
    send: (lines: HeaderLines) => Promise<unknown>,
  ): Promise<unknown> {
    const headers = new HeadersToSend(lines);
    const ctx: ClientContext = { ...context, headers };
    const inner = async (): Promise<unknown> => send(headers.lines);
    return this.all.reduceRight<() => Promise<unknown>>((next, layer) => () => runLayer(layer, ctx, next), inner)();
  }

  private get all(): readonly ClientMiddleware[] {
    return this.parent === undefined ? this.own : [...this.parent.all, ...this.own];
  }
}

async function runLayer(layer: ClientMiddleware, ctx: ClientContext, run: () => Promise<unknown>): Promise<unknown> {
  const name = `client middleware ${layer.name || 'without a name'}`;
  let next: Next | undefined;
  const result = await layer(ctx, () => {
    if (next !== undefined) throw new Error(`${name} called next() twice; call it once`);
    return (next = new Next(run()));
  });
  next?.checkAwaited(name);
  return result;
}

/** What `next()` gives: a promise that knows whether somebody waits for it. */
class Next implements Promise<unknown> {
  readonly [Symbol.toStringTag] = 'Promise';
  private isAwaited = false;
  private isPending = true;

  constructor(private readonly promise: Promise<unknown>) {
    const settled = (): void => {
      this.isPending = false;
    };
    promise.then(settled, settled);
  }

  checkAwaited(name: string): void {
    if (!this.isAwaited) throw new Error(`${name} did not await next(), so its result was lost; await or return it`);
    if (this.isPending) warn(`${name} ended before the next() that it called; await or return it`);
  }

  then<A = unknown, B = never>(
    onValue?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isAwaited = true;
    return this.promise.then(onValue, onError);
  }

  catch<B = never>(onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.then(undefined, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<unknown> {
    return this.then().finally(onEnd);
  }
}
