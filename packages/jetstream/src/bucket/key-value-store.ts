import {
  checkConnection,
  checkedElsewhere,
  checkOptions,
  eventCodecOf,
  oneOf,
  type Connection,
  type InputOf,
  type ItemType,
  type OptionRules,
  type Params,
  type PayloadOf,
  PermissionError,
  violationIn,
} from '@natsmith/protocol';
import type { KV } from '@nats-io/kv';
import { keyOf, type Bucket, type Key } from '../contract/bucket';
import { withSafeRequests } from '../nats/request';
import { checkContracts } from '../provision/contracts';
import { provisionStreams } from '../provision/provision-streams';

/** What a reader of the key gets. */
export type ValueOf<K> = K extends Key<string, infer Type> ? PayloadOf<Type> : never;

/** What a writer of the key gives: a schema's input. */
export type ValueSent<K> = K extends Key<string, infer Type> ? InputOf<Type> : never;

/** The values of a key's named tokens. */
export type KeyParams<K, Value = string> = K extends Key<infer Pattern, ItemType> ? Params<Pattern, Value> : never;

/** The last argument of reading and writing: `params` are required where the key has named tokens. */
export type KeyArgs<K, Options = unknown> = keyof KeyParams<K> extends never
  ? [options?: Options & { readonly params?: Record<string, never> }]
  : [options: Options & { readonly params: KeyParams<K, string | number> }];

/** A condition of a write. */
export interface ExpectedRevision {
  /** Writes only where the key is still at this revision; 0 only where it has no value. */
  readonly revision?: number;
}

/** A value, with what the bucket knows of it. */
export interface KeyValueEntry<Value> {
  readonly key: string;
  readonly value: Value;
  /** Grows with each change of the bucket. */
  readonly revision: number;
  readonly time: Date;
}

/** How a store comes to its bucket. */
export interface KeyValueStoreOptions {
  /** `ensure` (default) creates the bucket where it is missing and updates it, `off` leaves that to others. */
  readonly provision?: 'ensure' | 'off';
}

const STORE_OPTIONS: OptionRules<KeyValueStoreOptions> = { provision: oneOf('ensure', 'off') };

interface Named {
  readonly params?: Readonly<Record<string, unknown>>;
}
const READING: OptionRules<Named> = { params: checkedElsewhere };
const WRITING: OptionRules<Named & ExpectedRevision> = {
  ...READING,
  revision: (value) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 or more',
};

/**
 * Reads and writes a bucket by its contract: values are checked before they are sent, and when they are read.
 *
 * ```ts
 * const config = new KeyValueStore(connection, Config);
 * await config.put(LimitOf, { perMinute: 60 }, { params: { name: 'orders' } });
 * ```
 */
export class KeyValueStore<K extends Key = Key> {
  private opening: Promise<KV> | undefined;

  /** @param connection a connection of `nats` 2 or of `@nats-io/transport-node` 3, which stays the caller's */
  constructor(
    private readonly connection: Connection,
    private readonly bucket: Bucket<K>,
    private readonly options: KeyValueStoreOptions = {},
  ) {
    checkConnection(connection, 'new KeyValueStore()');
    checkContracts([bucket], 'new KeyValueStore()');
    checkOptions(options, STORE_OPTIONS, 'new KeyValueStore()');
  }

  /**
   * The value of a key; undefined where it has none, or was deleted.
   * @throws ServiceError 400 when what is stored is not valid
   */
  async get<C extends K>(key: C, ...options: KeyArgs<C>): Promise<ValueOf<C> | undefined> {
    return (await this.entry(key, ...options))?.value;
  }

  /** The value of a key with its revision, to write it on the condition that nobody else did. */
  async entry<C extends K>(key: C, ...[options]: KeyArgs<C>): Promise<KeyValueEntry<ValueOf<C>> | undefined> {
    const name = this.nameOf(key, options, READING);
    const found = await permitted(this.open().then((store) => store.get(name)));
    if (found === null || found.operation !== 'PUT') return undefined;
    const value = (await eventCodecOf(key.contract).decode(found.value)) as ValueOf<C>;
    return { key: name, value, revision: found.revision, time: found.created };
  }

  /**
   * Checks a value and writes it; gives its revision.
   * @throws ServiceError 400 with the violations, before anything is sent
   * @throws PermissionError when the server forbids it
   */
  async put<C extends K>(key: C, value: ValueSent<C>, ...[options]: KeyArgs<C, ExpectedRevision>): Promise<number> {
    const name = this.nameOf(key, options, WRITING);
    const body = await eventCodecOf(key.contract).encode(value);
    const revision = options?.revision;
    return permitted(
      this.open().then((store) => {
        // One that was deleted has a revision, and no value.
        if (revision === 0) return store.create(name, body);
        return store.put(name, body, revision === undefined ? {} : { previousSeq: revision });
      }),
    );
  }

  /** Deletes the value of a key; its history stays, watchers see it. */
  async delete<C extends K>(key: C, ...[options]: KeyArgs<C, ExpectedRevision>): Promise<void> {
    const name = this.nameOf(key, options, WRITING);
    const revision = options?.revision;
    await permitted(
      this.open().then((store) => store.delete(name, revision === undefined ? {} : { previousSeq: revision })),
    );
  }

  private nameOf(key: Key, options: Named | undefined, rules: OptionRules<object>): string {
    if (options !== undefined) checkOptions(options, rules, `key "${key.pattern}"`);
    if (!this.bucket.keys.some((one) => one.pattern === key.pattern))
      throw new TypeError(
        `bucket "${this.bucket.name}" has no key "${key.pattern}"; there are ` +
          this.bucket.keys.map((one) => `"${one.pattern}"`).join(', '),
      );
    return keyOf(key, options?.params);
  }

  private open(): Promise<KV> {
    this.opening ??= this.find().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async find(): Promise<KV> {
    const { Kvm } = await import('@nats-io/kv');
    const kvm = new Kvm(withSafeRequests(this.connection) as unknown as ConstructorParameters<typeof Kvm>[0]);
    const { name } = this.bucket;
    if (this.options.provision === 'off') return kvm.open(name, { allow_direct: true });
    await provisionStreams([this.bucket], { connection: this.connection, provision: 'ensure' });
    return kvm.open(name);
  }
}

/** What the server forbids is said as all of natsmith says it. */
async function permitted<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const violation = violationIn(error) ?? violationIn((error as { cause?: unknown } | undefined)?.cause);
    throw violation === undefined
      ? error
      : new PermissionError(violation.operation, violation.subject, { cause: error });
  }
}
