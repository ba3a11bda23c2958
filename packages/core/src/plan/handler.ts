import type { Class } from '../define/options';

/** Whether a handler is an async generator, and so answers with a stream whatever it does. */
export function isStreaming(handler: unknown): boolean {
  return Object.prototype.toString.call(handler) === '[object AsyncGeneratorFunction]';
}

/** The handler of a class's endpoint. */
export function handlerOf({ class: target, method }: { readonly class: Class; readonly method: string }): unknown {
  return (target.prototype as Record<string, unknown>)[method];
}

/** Whether a handler's first parameter has an initializer: `(limit = 10) => …`. */
export function hasDefault(handler: unknown): boolean {
  // Functions count the parameters before the first one with an initializer, and do not count `...rest`.
  if (typeof handler !== 'function' || handler.length > 0) return false;
  return /^[^(]*\(\s*(?!\)|\.\.\.|\s)/.test(Function.prototype.toString.call(handler));
}
