import type { ReplyProblem } from '@natsmith/protocol';

/** Where the members of a {@link Gathered} come from. */
export interface Sink<T> {
  add(item: T): void;
  /** Notes a reply that cannot be used. */
  refuse(problem: ReplyProblem): void;
  end(error?: Error): void;
}

/** Replies, and what was wrong with those that cannot be used. */
export type GatheredArray<T> = T[] & { readonly problems: readonly ReplyProblem[] };

/** What is gathered from when that is known; in a box, because a promise would await it. */
interface Begun<T> {
  readonly ask: Gathered<T>;
  /** What is wrong with the whole, when it is there. */
  readonly problemsAfter?: (all: GatheredArray<T>) => Promise<readonly ReplyProblem[]>;
}

/**
 * What comes in over a bounded time: `await` gives all of it as an array, `for await` each member as it arrives.
 * The time runs from the start, whether or not somebody waits.
 */
export class Gathered<T> implements PromiseLike<GatheredArray<T>>, AsyncIterable<T> {
  private readonly items: T[] = [];
  private readonly refused: ReplyProblem[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private waiting: (() => void)[] = [];
  private readonly close: () => void;

  /** @internal Clients make them. @param start begins to gather, and gives the way to stop it early */
  constructor(start: (sink: Sink<T>) => () => void) {
    this.close = start({
      add: (item) => {
        if (this.isEnded) return;
        this.items.push(item);
        this.wake();
      },
      refuse: (problem) => {
        if (!this.isEnded) this.refused.push(problem);
      },
      end: (error) => this.end(error),
    });
  }

  /** @internal What another one gathers, when it is known what that is. */
  static later<T>(begin: () => Promise<Begun<T>>): Gathered<T> {
    return new Gathered<T>((sink) => {
      let isStopped = false;
      const relay = async (): Promise<void> => {
        const { ask, problemsAfter } = await begin();
        for await (const item of ask) {
          if (isStopped) return;
          sink.add(item);
        }
        for (const problem of ask.problems) sink.refuse(problem);
        if (isStopped || problemsAfter === undefined) return;
        for (const problem of await problemsAfter(await ask)) sink.refuse(problem);
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

  /** Replies so far that cannot be used, and why; they hide none of the others. */
  get problems(): readonly ReplyProblem[] {
    return this.refused;
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
    }
  }

  then<A = GatheredArray<T>, B = never>(
    onArray?: ((items: GatheredArray<T>) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all().then(onArray, onError);
  }

  /** Waits for no more replies: ends with what is there. */
  stop(): void {
    this.close();
    this.end();
  }

  private async all(): Promise<GatheredArray<T>> {
    while (!this.isEnded) await this.change();
    if (this.error !== undefined) throw this.error;
    // Not enumerable: the array prints and compares as its members do.
    return Object.defineProperty([...this.items], 'problems', { value: [...this.refused] }) as GatheredArray<T>;
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
