import {
  aCount,
  anObject,
  aString,
  checkedElsewhere,
  checkOptions,
  declaredSet,
  durationProblem,
  event,
  eventSubject,
  oneOf,
  parseTemplate,
  shown,
  wholeNumber,
  type Duration,
  type Event,
  type EventOptions,
  type ItemType,
  type OptionRules,
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

const OPTIONS: OptionRules<BucketOptions> = {
  keys: checkedElsewhere,
  description: aString,
  history: wholeNumber(1, 64),
  maxAge: checkedElsewhere,
  maxBytes: aCount,
  maxValueSize: wholeNumber(1, 2 ** 31 - 1),
  storage: oneOf('file', 'memory'),
  replicas: wholeNumber(1, 5),
};
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
  const where = `bucket ${JSON.stringify(name)}`;
  if (typeof name !== 'string' || !BUCKET_NAME.test(name))
    throw new TypeError(`${where}: name may hold only letters, digits, "_" and "-"`);
  if (anObject(options) !== undefined) throw new TypeError(`${where} needs { keys: [...] }, got ${shown(options)}`);
  checkOptions(options, OPTIONS, where);
  const problem = contentProblem(options);
  if (problem !== undefined) throw new TypeError(`${where}: ${problem}`);
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

function contentProblem({ keys, maxAge }: BucketOptions): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey))
    return 'keys must be an array of keys made by key(); is one used before its declaration?';
  const age = maxAge === undefined ? undefined : durationProblem(maxAge);
  return age === undefined ? undefined : `maxAge ${age}`;
}
