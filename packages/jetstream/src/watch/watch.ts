import { markHandler, type HandlerDecorator } from '@natsmith/core';
import type { ValueOf } from '../bucket/key-value-store';
import type { Bucket, Key } from '../contract/bucket';
import type { WatchContext, WatchMark, WatchOptions } from './watch-context';
import { watchSource } from './watch-source';

/** A value, or undefined; of an unchecked key the handler says what it takes. */
type Watched<K extends Key> = [ValueOf<K>] extends [never] ? never : ValueOf<K> | undefined;

/**
 * Makes a method the handler of a bucket's values: `(value, ctx) => …`, with `undefined` for a value that was deleted.
 * Every instance sees the values that are there before its endpoints and consumers begin (`ctx.initial`), then each
 * change in order, one at a time; after an interruption it is brought to the bucket's present state. A value that is not
 * valid, and what the handler throws, is counted and logged.
 */
export function Watch<K extends Key, const C extends K>(
  bucket: Bucket<K>,
  key: C,
  options: WatchOptions = {},
): HandlerDecorator<(value: Watched<C>, ctx: WatchContext<C>) => unknown> {
  return (...[target, place]) => {
    const mark: WatchMark = { bucket, key, options };
    markHandler(target, place, watchSource, mark);
  };
}
