import { refusals } from './api-error';
import { parseTime } from './time-format';

/** What a field of a request may hold: a kind, one of some words, a record of fields, or a list of any of these. */
export type Kind =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'sequence'
  | 'time'
  | 'metadata'
  | readonly string[]
  | { readonly fields: Fields }
  | { readonly list: Kind };

/** The fields of a request by name. */
export type Fields = Readonly<Record<string, Kind>>;

// A list that is compared entry by entry must not cost more than a moment.
const MAX_LIST = 1_024;

/** Reads the JSON of a request; an empty body is no fields. Throws an ApiError that says which field is wrong. */
export function readRequest(body: Buffer, fields: Fields): Record<string, unknown> {
  const text = body.toString();
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refusals.invalidJson((error as Error).message);
  }
  if (value === null) return {};
  return readFields(value, fields, '');
}

function readFields(value: unknown, fields: Fields, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusals.invalidJson(`${path === '' ? 'the request' : path} must be an object, got ${show(value)}`);
  }
  const read: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    if (!Object.hasOwn(fields, name)) throw refusals.invalidJson(`json: unknown field ${JSON.stringify(name)}`);
    if (given !== null) read[name] = readValue(given, fields[name]!, path === '' ? name : `${path}.${name}`);
  }
  return read;
}

function readValue(value: unknown, kind: Kind, path: string): unknown {
  const expect = (what: string): never => {
    throw refusals.invalidJson(`${path} must be ${what}, got ${show(value)}`);
  };
  if (kind === 'string') return typeof value === 'string' ? value : expect('a string');
  if (kind === 'boolean') return typeof value === 'boolean' ? value : expect('true or false');
  if (kind === 'integer')
    return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 63 ? value : expect('an integer of 64 bits');
  if (kind === 'sequence') {
    return Number.isSafeInteger(value) && Number(value) >= 0 ? value : expect('an integer from 0 to 2^53 - 1');
  }
  if (kind === 'time') {
    const time = typeof value === 'string' ? parseTime(value) : undefined;
    return time ?? expect('a time such as 2026-01-31T12:00:00Z');
  }
  if (kind === 'metadata') return readMetadata(value, expect);
  if ('fields' in kind) return readFields(value, kind.fields, path);
  if ('list' in kind) {
    if (!Array.isArray(value)) return expect('a list');
    if (value.length > MAX_LIST) return expect(`a list of at most ${MAX_LIST}`);
    return value.map((entry, i) => readValue(entry, kind.list, `${path}[${i}]`));
  }
  return typeof value === 'string' && kind.includes(value) ? value : expect(`one of ${kind.join(', ')}`);
}

function readMetadata(value: unknown, expect: (what: string) => never): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return expect('an object of strings');
  const entries = Object.entries(value).filter(([, text]) => text !== null);
  if (entries.some(([, text]) => typeof text !== 'string')) return expect('an object of strings');
  return Object.fromEntries(entries);
}

/** What was given, in a few words: an object may be nested deeper than JSON can be written. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 64);
}
