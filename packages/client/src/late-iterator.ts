type Open<Item> = () => Promise<AsyncIterator<Item, undefined>>;

/** Iterates what is opened when the first item is asked for; nothing is sent for a stream that nobody reads. */
export class LateIterator<Item> implements AsyncIterableIterator<Item, undefined> {
  private inner: Promise<AsyncIterator<Item, undefined>> | undefined;
  /** `inner`, as soon as it is there and its first item was no reason to open another. */
  private opened: AsyncIterator<Item, undefined> | undefined;
  private isEnded = false;

  /** @param reopen gives another iterator for one whose first item is an error, or throws */
  constructor(
    private readonly open: Open<Item>,
    private readonly reopen?: (error: unknown) => Promise<AsyncIterator<Item, undefined>>,
  ) {}

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return this.opened === undefined ? this.nextLater() : this.opened.next();
  }

  private async nextLater(): Promise<IteratorResult<Item, undefined>> {
    if (this.inner !== undefined) {
      this.opened = await this.inner;
      return this.opened.next();
    }
    this.inner = this.open();
    try {
      return await (await this.inner).next();
    } catch (error) {
      if (this.reopen === undefined) throw error;
      this.inner = this.reopen(error);
      return (await this.inner).next();
    }
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.isEnded = true;
    const inner = await this.inner?.catch(() => undefined);
    await inner?.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
