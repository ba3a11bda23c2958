/** Whether a value is a promise, or what `await` takes for one. Throws where looking at it does. */
export function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Whether a value is a stream. Throws where looking at it does. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Whether a value is a promise where none belongs. It is waited for by nobody, so its rejection is not to end the process. */
export function isAbandoned(value: unknown): boolean {
  if (!isThenable(value)) return false;
  Promise.resolve(value).catch(() => undefined);
  return true;
}

/** A @Transform that is async leaves a promise in the payload; one that rejects is not to end the process. */
export function abandonPromises(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  if (ArrayBuffer.isView(value) || isAbandoned(value)) return;
  seen.add(value);
  for (const inner of Object.values(value)) abandonPromises(inner, seen);
}
