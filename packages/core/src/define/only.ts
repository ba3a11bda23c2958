import type { ContextOf, Kind, Middleware, Next } from './handler';

// Symbol.for: two copies of this package in one process understand each other's middleware.
const ONLY = Symbol.for('natsmith.only');

interface Limited {
  [ONLY]?: { readonly kind: string; readonly middleware: Middleware };
}

/**
 * Middleware for one kind of handler alone: `@Use(only('endpoint', authenticate))`. Around all others it is not there.
 * @param kind `endpoint`, `event`, or a kind that a package adds
 */
export function only<K extends Kind>(kind: K, middleware: (ctx: ContextOf<K>, next: Next) => unknown): Middleware {
  const inner = middleware as unknown as Middleware;
  const limited: Middleware & Limited = (ctx, next) => (ctx.kind === kind ? inner(ctx, next) : next());
  limited[ONLY] = { kind, middleware: inner };
  return limited;
}

/** The middleware to run around handlers of a kind; undefined where it is for another one. */
export function middlewareOf(kind: string, middleware: Middleware): Middleware | undefined {
  const limit = (middleware as Limited)[ONLY];
  if (limit === undefined) return middleware;
  return limit.kind === kind ? middlewareOf(kind, limit.middleware) : undefined;
}
