import type { ItemReceiver } from '@natsmith/protocol';

/** A stream whose first item, or end, is there. */
export class OpenedStream<Item> implements AsyncIterable<Item> {
  constructor(
    readonly first: IteratorResult<Item, undefined>,
    /** What comes after the first item. */
    readonly rest: AsyncIterator<Item, undefined>,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, undefined, undefined> {
    try {
      for (let result = this.first; result.done !== true; result = await this.rest.next()) yield result.value;
      return undefined;
    } finally {
      await this.rest.return?.();
    }
  }

  /** Waits for the first item. @param signal ends a stream that is not open yet */
  static async from<Item>(receiver: ItemReceiver<Item>, signal: AbortSignal | undefined): Promise<OpenedStream<Item>> {
    const onAbort = (): void => receiver.abort(signal?.reason as Error);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return new OpenedStream(await receiver.next(), receiver);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** What a policy or middleware gives in the place of a stream: any iterable. */
  static async of<Item>(given: unknown): Promise<OpenedStream<Item>> {
    if (given instanceof OpenedStream) return given as OpenedStream<Item>;
    if (typeof given !== 'object' || given === null || !(Symbol.asyncIterator in given || Symbol.iterator in given))
      throw new TypeError(`a policy or middleware returned a ${typeof given} instead of a stream; return an iterable`);
    const items = iterate(given as AsyncIterable<Item> | Iterable<Item>);
    return new OpenedStream(await items.next(), items);
  }
}

async function* iterate<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item, undefined, undefined> {
  yield* items;
  return undefined;
}
