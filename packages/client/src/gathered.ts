/** Where the members of a {@link Gathered} come from. */
export interface Sink<T> {
  add(item: T): void;
  end(error?: Error): void;
}

/**
 * What comes in over a bounded time: `await` gives all of it as an array, `for await` each member as it arrives.
 * The time runs from the start, whether or not somebody waits.
 */
export class Gathered<T> implements PromiseLike<T[]>, AsyncIterable<T> {
  private readonly items: T[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private waiting: (() => void)[] = [];
  private readonly stop: () => void;

  /** @internal Clients make them. @param start begins to gather, and gives the way to stop it early */
  constructor(start: (sink: Sink<T>) => () => void) {
    this.stop = start({
      add: (item) => {
        if (this.isEnded) return;
        this.items.push(item);
        this.wake();
      },
      end: (error) => this.end(error),
    });
  }

  /** @internal What another one gathers, when it is known what that is; in a box, because a promise would await it. */
  static later<T>(begin: () => Promise<{ readonly ask: Gathered<T> }>): Gathered<T> {
    return new Gathered<T>((sink) => {
      let isStopped = false;
      const relay = async (): Promise<void> => {
        for await (const item of (await begin()).ask) {
          if (isStopped) return;
          sink.add(item);
        }
      };
      relay().then(
        () => sink.end(),
        (error: unknown) => sink.end(error as Error),
      );
      return () => {
        isStopped = true;
      };
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (let i = 0; ; i++) {
        while (i >= this.items.length && !this.isEnded) await this.change();
        if (i >= this.items.length) break;
        yield this.items[i] as T;
      }
      if (this.error !== undefined) throw this.error;
    } finally {
      this.stop();
      this.end();
    }
  }

  then<A = T[], B = never>(
    onArray?: ((items: T[]) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(onArray, onError);
  }

  private async all(): Promise<T[]> {
    while (!this.isEnded) await this.change();
    if (this.error !== undefined) throw this.error;
    return [...this.items];
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private end(error?: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.error = error;
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
