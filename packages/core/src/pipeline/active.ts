/** A request that outlives the callback which brought it. */
export interface PendingRequest {
  /** Goes on after waiting for a place. */
  resume(): void;
  /** Ends it with 503, because the service is made to stop. */
  cut(): void;
  /** Its place in the list. */
  before: PendingRequest | undefined;
  after: PendingRequest | undefined;
  isListed: boolean;
}

/**
 * The requests of a service that wait or whose handlers are not finished.
 * A linked list: a Set of requests that come and go all the time makes garbage, a fifth of an async request's cost.
 */
export class ActiveRequests {
  private first: PendingRequest | undefined;
  private whenIdle: (() => void)[] = [];

  add(request: PendingRequest): void {
    if (request.isListed) return;
    request.isListed = true;
    request.after = this.first;
    if (this.first !== undefined) this.first.before = request;
    this.first = request;
  }

  delete(request: PendingRequest): void {
    if (!request.isListed) return;
    const { before, after } = request;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    request.before = request.after = undefined;
    request.isListed = false;
    if (this.first !== undefined || this.whenIdle.length === 0) return;
    const waiting = this.whenIdle;
    this.whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when no request is left. */
  idle(): Promise<void> {
    return this.first === undefined ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Ends all of them with 503. */
  cut(): void {
    const requests: PendingRequest[] = [];
    for (let request = this.first; request !== undefined; request = request.after) requests.push(request);
    for (const request of requests) request.cut();
  }
}
