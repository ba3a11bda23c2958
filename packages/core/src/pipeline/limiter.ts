/** How many requests wait where `concurrency` is set and `maxPending` is not. */
export const DEFAULT_MAX_PENDING = 1000;

/** Places for requests that run at the same time, and a queue, first come first served, for those that wait. */
export class Limiter<Request> {
  private running = 0;
  private readonly waiting = new Set<Request>();

  constructor(
    private readonly concurrency: number,
    private readonly maxPending: number,
  ) {}

  /**
   * Takes a place for the request, or lets it wait; `refused` when neither is left.
   * @param mayRefuse whether `maxPending` counts
   */
  enter(request: Request, mayRefuse = true): 'entered' | 'waits' | 'refused' {
    if (this.running < this.concurrency) {
      this.running++;
      return 'entered';
    }
    if (mayRefuse && this.waiting.size >= this.maxPending) return 'refused';
    this.waiting.add(request);
    return 'waits';
  }

  /** Gives a place back; the request that has waited longest, if any, has it now. */
  leave(): Request | undefined {
    const [next] = this.waiting;
    if (next === undefined) this.running--;
    else this.waiting.delete(next);
    return next;
  }

  /** Takes a request out of the queue; gives whether it waited there. */
  giveUp(request: Request): boolean {
    return this.waiting.delete(request);
  }
}
