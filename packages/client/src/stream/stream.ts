import type { StreamOptions } from '../call/call-options';
import type { Caller } from '../call/caller';
import type { Destination } from '../call/destination';
import { LazyIterator } from './lazy-iterator';
import { loadStreams } from './load';

/**
 * A stream, which is opened when its first item is asked for, by each reader anew.
 * @param firstWithin milliseconds until the first sign of life, where the service says it
 */
export function stream<Item>(
  caller: Caller,
  destination: Destination,
  payload: unknown,
  options: StreamOptions,
  firstWithin?: number,
): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]: () =>
      new LazyIterator(async (left) => {
        const { begin } = await loadStreams();
        return begin<Item>(caller, destination, payload, options, firstWithin, left);
      }),
  };
}
