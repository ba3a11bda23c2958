import { isReceived, markReceived, StreamError } from '@natsmith/protocol';
import type { OpenedStream } from './opened-stream';

/** Iterates what is opened when the first item is asked for; nothing is sent for a stream that nobody reads. */
export class LazyIterator<Item> implements AsyncIterableIterator<Item, undefined> {
  private opening: Promise<OpenedStream<Item>> | undefined;
  /** What comes after the first item. */
  private rest: AsyncIterator<Item, undefined> | undefined;
  private isEnded = false;
  private readonly left = new AbortController();

  /** @param open is to give up when its signal is aborted */
  constructor(private readonly open: (left: AbortSignal) => Promise<OpenedStream<Item>>) {}

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return this.rest === undefined ? this.nextLater() : this.rest.next().catch(throwMarked);
  }

  private async nextLater(): Promise<IteratorResult<Item, undefined>> {
    const isFirst = this.opening === undefined;
    this.opening ??= this.open(this.left.signal);
    try {
      const { first, rest } = await this.opening;
      this.rest = rest;
      return isFirst ? first : await rest.next();
    } catch (error) {
      if (this.isEnded) return { done: true, value: undefined };
      this.isEnded = true;
      return throwMarked(error);
    }
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.isEnded = true;
    this.left.abort(new Error('the reader has left the stream'));
    const opened = await this.opening?.catch(() => undefined);
    await opened?.rest.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A handler that lets it through has failed for another service's sake, as with a received error. */
function throwMarked(error: unknown): never {
  throw error instanceof StreamError && !isReceived(error) ? markReceived(error) : error;
}
