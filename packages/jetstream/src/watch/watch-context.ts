import type { BaseContext, ContractOptions } from '@natsmith/core';
import type { KeyParams } from '../bucket/key-value-store';
import type { Bucket, Key } from '../contract/bucket';

/** What a handler of a watch knows of one change of a bucket. */
export interface WatchContext<K extends Key = Key> extends BaseContext {
  readonly kind: 'watch';
  readonly params: KeyParams<K>;
  /** The key as it is in the bucket: `limits.orders`. */
  readonly key: string;
  /** Grows with each change of the bucket. */
  readonly revision: number;
  readonly operation: 'put' | 'delete' | 'purge';
  /** When the bucket took the change. */
  readonly time: Date;
  /** The value was there when the service started. */
  readonly initial: boolean;
}

declare module '@natsmith/core' {
  interface ContextKinds {
    watch: WatchContext;
  }
}

/** What `@Watch` takes besides bucket and key. */
export type WatchOptions = Pick<ContractOptions, 'name' | 'timeout' | 'metadata'>;

/** What `@Watch` leaves on a method. */
export interface WatchMark {
  readonly bucket: Bucket;
  readonly key: Key;
  readonly options: WatchOptions;
}
