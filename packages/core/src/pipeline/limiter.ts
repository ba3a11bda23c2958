import { LinkedList, type Linked } from './linked-list';

/** How many requests wait where `concurrency` is set and `maxPending` is not. */
export const DEFAULT_MAX_PENDING = 1000;

/** What a limiter lets in; it waits in one limiter at a time. */
export interface Limited<Request> {
  /** Its place in the queue; the limiter's. */
  turn: Turn<Request> | undefined;
}

class Turn<Request> implements Linked<Turn<Request>> {
  before: Turn<Request> | undefined;
  after: Turn<Request> | undefined;
  isListed = false;

  constructor(readonly request: Request) {}
}

/** Places for requests that run at the same time, and a queue, first come first served, for those that wait. */
export class Limiter<Request extends Limited<Request>> {
  private running = 0;
  private readonly waiting = new LinkedList<Turn<Request>>();

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
    const turn = new Turn(request);
    request.turn = turn;
    this.waiting.add(turn);
    return 'waits';
  }

  /** Gives a place back; the request that has waited longest, if any, has it now. */
  leave(): Request | undefined {
    const next = this.waiting.first;
    if (next === undefined) {
      this.running--;
      return undefined;
    }
    this.waiting.delete(next);
    return next.request;
  }

  /** Takes a request out of the queue; gives whether it waited there. */
  giveUp({ turn }: Request): boolean {
    return turn !== undefined && this.waiting.delete(turn);
  }
}
