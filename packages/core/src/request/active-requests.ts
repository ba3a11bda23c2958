import type { PendingRequest } from './endpoint-runtime';

/** The requests of a service that wait or whose handlers are not finished. */
export class ActiveRequests {
  private readonly requests = new Set<PendingRequest>();
  private whenIdle: (() => void)[] = [];

  add(request: PendingRequest): void {
    this.requests.add(request);
  }

  delete(request: PendingRequest): void {
    if (!this.requests.delete(request) || this.requests.size > 0) return;
    const waiting = this.whenIdle;
    this.whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when no request is left. */
  idle(): Promise<void> {
    return this.requests.size === 0 ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Ends all of them with 503. */
  cut(): void {
    for (const request of [...this.requests]) request.cut();
  }
}
