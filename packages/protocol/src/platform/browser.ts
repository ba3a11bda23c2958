// In the place of node.ts in bundles for browsers.
export { Bytes as Buffer } from './bytes';

export function delay(
  ms = 0,
  value?: unknown,
  { signal }: { signal?: AbortSignal; ref?: boolean } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer);
      // As timers of Node.js reject.
      reject(Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), { name: 'AbortError' }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve(value);
    }, ms);
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** Messages of a WebSocket are tasks of their own, so one of these comes after those that are there. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function isAnyArrayBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer;
}

export function isDataView(value: unknown): value is DataView {
  return value instanceof DataView;
}

export function isMap(value: unknown): boolean {
  return value instanceof Map;
}

export function isSet(value: unknown): boolean {
  return value instanceof Set;
}

export function isNativeError(value: unknown): boolean {
  return value instanceof Error;
}

export function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}

export function randomFillSync<B extends Uint8Array<ArrayBuffer>>(bytes: B): B {
  // What a browser gives at once.
  const MOST = 65_536;
  for (let start = 0; start < bytes.length; start += MOST) crypto.getRandomValues(bytes.subarray(start, start + MOST));
  return bytes;
}

export function readFileSync(path: string): never {
  throw new Error(`a browser reads no files, and so not ${path}; give the credentials in "connection"`);
}

export function environment(): Record<string, string | undefined> {
  return {};
}

export function warn(message: string): void {
  // eslint-disable-next-line no-console -- the one place where a browser has for warnings
  console.warn(message);
}

/** Nobody listens in a browser: what asks first whether somebody does is all that is needed. */
export function tracingChannel(): { readonly hasSubscribers: false } {
  return { hasSubscribers: false };
}

export function inBackground<T>(timer: T): T {
  return timer;
}

/** Browsers do not count listeners. */
export function sharedController(): AbortController {
  return new AbortController();
}

/** Browsers have no sockets whose errors could end anything. */
export function surviveResets(): void {}
