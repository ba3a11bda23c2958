import type { ItemReceiver } from '@natsmith/protocol';

/** A stream whose first item, or end, is there. */
export class Opened<Item> {
  constructor(
    readonly first: IteratorResult<Item, undefined>,
    /** What comes after the first item. */
    readonly rest: AsyncIterator<Item, undefined>,
  ) {}

  /** Waits for the first item. @param signal ends a stream that is not open yet */
  static async from<Item>(receiver: ItemReceiver<Item>, signal: AbortSignal | undefined): Promise<Opened<Item>> {
    const onAbort = (): void => receiver.abort(signal?.reason as Error);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return new Opened(await receiver.next(), receiver);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** What a policy gives in the place of a stream: any iterable. */
  static async of<Item>(given: unknown): Promise<Opened<Item>> {
    if (given instanceof Opened) return given as Opened<Item>;
    if (typeof given !== 'object' || given === null || !(Symbol.asyncIterator in given || Symbol.iterator in given))
      throw new TypeError(`the policy gave a ${typeof given} in the place of a stream; give an iterable`);
    const items = iterate(given as AsyncIterable<Item> | Iterable<Item>);
    return new Opened(await items.next(), items);
  }
}

async function* iterate<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item, undefined, undefined> {
  yield* items;
  return undefined;
}
