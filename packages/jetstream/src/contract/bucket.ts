import {
  anObject,
  declaredSet,
  durationProblem,
  event,
  eventSubject,
  parseTemplate,
  unknownName,
  type Duration,
  type Event,
  type EventOptions,
  type ItemType,
} from '@natsmith/protocol';

/** A contract for the values of a bucket: a key with named tokens, and what is kept under it. Made by {@link key}. */
export interface Key<Pattern extends string = string, Type extends ItemType = ItemType> {
  /** As it was declared: `limits.{name}`. */
  readonly pattern: Pattern;
  readonly type: Type;
  readonly description: string;
  /** How its values are written, read and checked. */
  readonly contract: Event<Pattern, Type>;
}

/** What a bucket keeps, and for how long. */
export interface BucketOptions<K extends Key = Key> {
  readonly keys: readonly K[];
  readonly description?: string;
  /** Values that are kept for each key, 1 to 64; default 1. */
  readonly history?: number;
  /** How long a value is kept; default without end. */
  readonly maxAge?: Duration;
  /** Bytes of the whole bucket; default without limit. */
  readonly maxBytes?: number;
  /** Bytes of one value; default the server's `max_payload`. */
  readonly maxValueSize?: number;
  /** `file` (default) or `memory`. */
  readonly storage?: 'file' | 'memory';
  /** Copies in a cluster, 1 to 5; default 1. */
  readonly replicas?: number;
}

/** A key-value bucket by contract. Made by {@link bucket}. */
export interface Bucket<K extends Key = Key> {
  readonly name: string;
  readonly keys: readonly K[];
  readonly options: BucketOptions<K>;
}

const OPTIONS = ['keys', 'description', 'history', 'maxAge', 'maxBytes', 'maxValueSize', 'storage', 'replicas'];
const BUCKET_NAME = /^[A-Za-z0-9_-]+$/;
const KEY = /^[A-Za-z0-9_/=-]+(\.[A-Za-z0-9_/=-]+)*$/;

/**
 * Declares what is kept under a key.
 * @param pattern tokens of letters, digits and `-_/=`, joined by "."; `{name}` is a named token; `*` and `>` for watches
 * @param type a class, `[Class]`, a Standard Schema, `'unchecked'` or `unchecked<T>()`
 * @throws TypeError when the pattern is not valid or there is no type
 */
export function key<const Pattern extends string, Type extends ItemType>(
  pattern: Pattern,
  type: Type,
  options: EventOptions = {},
): Key<Pattern, Type> {
  if (typeof pattern !== 'string' || !pattern.split('.').every(isKeyToken))
    throw new TypeError(
      `key ${JSON.stringify(pattern)} must be tokens of letters, digits and "-_/=" joined by ".", such as "limits.{name}"`,
    );
  const contract = event(pattern, type, options);
  return Object.freeze({ pattern, type, description: contract.description, contract });
}

function isKeyToken(token: string): boolean {
  return KEY.test(token) || token === '*' || token === '>' || /^\{[^{}]+\}$/.test(token);
}

/**
 * Declares a bucket. `provision` creates it, and compares it with what the server has.
 * @throws TypeError that says what is wrong with the name or an option
 */
export function bucket<const K extends Key>(name: string, options: BucketOptions<K>): Bucket<K> {
  const problem =
    typeof name !== 'string' || !BUCKET_NAME.test(name)
      ? 'name may hold only letters, digits, "_" and "-"'
      : optionsProblem(options);
  if (problem !== undefined) throw new TypeError(`bucket ${JSON.stringify(name)}: ${problem}`);
  const made = Object.freeze({
    name,
    keys: Object.freeze([...options.keys]),
    options: Object.freeze({ ...options }),
  });
  declared.add(made);
  return made;
}

const declared = declaredSet<Bucket>('natsmith.buckets');

/** All buckets that this process has declared until now, in their order. */
export function declaredBuckets(): readonly Bucket[] {
  return [...declared];
}

/**
 * The key of a value, with the values of its named tokens filled in.
 * @throws TypeError for a token without a value, or with one that cannot be part of a key
 */
export function keyOf({ pattern, contract }: Key, params: Readonly<Record<string, unknown>> | undefined): string {
  const filled = eventSubject(contract, params, 'key');
  if (KEY.test(filled)) return filled;
  throw new TypeError(
    `${JSON.stringify(filled)} cannot be a key of "${pattern}": a token has letters, digits and "-_/="`,
  );
}

/** All keys of a pattern, as a subject of the bucket's stream has them. */
export function keySubject(bucketName: string, { pattern }: Key): string {
  return `$KV.${bucketName}.${parseTemplate(pattern).subject}`;
}

/** Whether a value was made by {@link key}, by this copy of the package or another one. */
export function isKey(value: unknown): value is Key {
  return typeof value === 'object' && value !== null && 'pattern' in value && 'contract' in value;
}

function optionsProblem(options: unknown): string | undefined {
  if (anObject(options) !== undefined) return 'needs { keys: [...] }';
  const given = options as BucketOptions;
  const unknown = Object.keys(given).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) return `unknown option ${unknownName(unknown, OPTIONS)}`;
  if (!Array.isArray(given.keys) || given.keys.length === 0 || !given.keys.every(isKey))
    return 'keys must be an array of keys made by key(); is one used before its declaration?';
  if (given.storage !== undefined && !['file', 'memory'].includes(given.storage))
    return `storage must be "file" or "memory", got ${JSON.stringify(given.storage)}`;
  const age = given.maxAge === undefined ? undefined : durationProblem(given.maxAge);
  if (age !== undefined) return `maxAge ${age}`;
  return (
    between('history', given.history, 64) ??
    between('replicas', given.replicas, 5) ??
    between('maxBytes', given.maxBytes, Number.MAX_SAFE_INTEGER) ??
    between('maxValueSize', given.maxValueSize, 2 ** 31 - 1)
  );
}

function between(option: string, value: number | undefined, most: number): string | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)) return undefined;
  return `${option} must be a whole number from 1 to ${most}, got ${JSON.stringify(value)}`;
}
