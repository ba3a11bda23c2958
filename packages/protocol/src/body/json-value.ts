import { isAnyArrayBuffer, isMap, isNativeError, isPromise, isSet } from '../platform/node';

/** What JSON says as a person expects. Prototypes of the user's classes are added when their first object was looked at. */
const known = new WeakSet<object>([Array.prototype, Date.prototype]);
/** Levels that are searched for what became `{}`; a value that nests deeper rarely is anything but a list. */
const MAX_DEPTH = 100;
/** Characters of a path in an error. */
const MAX_PATH = 200;

/**
 * The JSON of a value; undefined for one that has none, as `JSON.stringify` gives it.
 * @throws TypeError for a value that is, or holds, what JSON.stringify would silently make `{}` of
 */
export function jsonOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  check(value, '');
  // JSON.stringify is declared to give a string, but gives undefined where toJSON() does.
  const json = JSON.stringify(value) as string | undefined;
  // A search of the engine's own costs next to nothing; few values hold an empty object.
  if (json?.includes('{}') === true) checkInside(value, '', 0);
  return json;
}

function checkInside(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH || hasToJson(value)) return;
  const isArray = Array.isArray(value);
  // What has properties is not `{}`, and of an array JSON has the items alone.
  if (!isArray && Object.keys(value).length === 0) check(value, path);
  for (const [key, inner] of isArray ? value.entries() : Object.entries(value))
    if (typeof inner === 'object') checkInside(inner, path === '' ? String(key) : `${path}.${key}`, depth + 1);
}

function check(value: object, path: string): void {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null || known.has(prototype) || hasToJson(value)) return;
  const way = wayOut(value);
  if (way === undefined) return void known.add(prototype);
  const where = path === '' ? '' : `${JSON.stringify(path.slice(0, MAX_PATH))} holds `;
  throw new TypeError(`${where}${nameOf(value)}, which has no JSON form; ${way}`);
}

function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

/** What to send in its place; undefined for an object that JSON can say. */
function wayOut(value: object): string | undefined {
  if (value instanceof Map || isMap(value)) return 'send Object.fromEntries(map), or [...map]';
  if (value instanceof Set || isSet(value)) return 'send [...set]';
  if (value instanceof Error || isNativeError(value)) return 'throw it, or send the fields that the other side needs';
  if (isAnyArrayBuffer(value)) return 'send bytes alone, or as a string: Buffer.from(it).toString("base64")';
  if (ArrayBuffer.isView(value))
    return 'send Array.from(it) for its numbers, or new Uint8Array(it.buffer) for its bytes';
  if (isPromise(value)) return 'await it';
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof RegExp)
    return 'send a plain object, an array or a string';
  if (isIterator(value)) return 'send [...it] for an array, or write "async *" for a stream';
  // Headers, FormData, URLSearchParams and collections of the user's own.
  if (Symbol.iterator in value && Object.keys(value).length === 0) return 'send [...it]';
  if (typeof Blob === 'function' && value instanceof Blob) return 'send its bytes alone, or its text';
  return undefined;
}

function isIterator(value: object): boolean {
  const { next } = value as { next?: unknown };
  return typeof next === 'function' && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function nameOf(value: object): string {
  const name = (value.constructor as { name?: unknown } | undefined)?.name;
  const isNamed = typeof name === 'string' && name !== '' && name !== 'Object';
  return isNamed ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}` : 'an iterator';
}
