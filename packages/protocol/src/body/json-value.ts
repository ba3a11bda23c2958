import { types } from 'node:util';

/** What JSON says as a person expects. Prototypes of the user's classes are added when their first object was looked at. */
const known = new WeakSet<object>([Object.prototype, Array.prototype, Date.prototype]);

/** Whether objects like this one have been found to have a JSON form; costs a look at the prototype. */
export function isKnownAsJson(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null || known.has(prototype);
}

/** @throws TypeError for an object that JSON.stringify would make `{}` of, or something just as empty */
export function checkJson(value: object): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
  const way = wayOut(value);
  if (way !== undefined) throw new TypeError(`${nameOf(value)} has no JSON form; ${way}`);
  known.add(Object.getPrototypeOf(value) as object);
}

/** What to return in its place; undefined for an object that JSON can say. */
function wayOut(value: object): string | undefined {
  if (value instanceof Map || types.isMap(value)) return 'return Object.fromEntries(map), or [...map]';
  if (value instanceof Set || types.isSet(value)) return 'return [...set]';
  if (value instanceof Error || types.isNativeError(value))
    return 'throw it, or return what of it the caller is to know';
  if (ArrayBuffer.isView(value))
    return 'return Array.from(it) for its numbers, or new Uint8Array(it.buffer) for its bytes';
  if (types.isPromise(value)) return 'await it';
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof RegExp)
    return 'return a plain object, an array or a string';
  if (isIterator(value)) return 'return [...it] for an array, or write "async *" for a stream';
  return undefined;
}

function isIterator(value: object): boolean {
  const { next } = value as { next?: unknown };
  return typeof next === 'function' && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function nameOf(value: object): string {
  const { name } = value.constructor as { name?: unknown };
  const known = typeof name === 'string' && name !== '' && name !== 'Object';
  return known ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}` : 'an iterator';
}
