import { errorNamed, sharedController, type ServiceError } from '@natsmith/protocol';

/** What the requests of a service instance learn of its graceful stop: `ctx.stopping`, and what goes with it. */
export class Stopping {
  private controller: AbortController | undefined;
  private reason: ServiceError | undefined;
  private readonly listeners = new Set<() => void>();

  /** One for all requests; made when the first of them asks. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = sharedController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  begin(): void {
    if (this.reason !== undefined) return;
    this.reason = stopping();
    this.controller?.abort(this.reason);
    for (const listener of this.listeners) listener();
  }

  /** Calls the listener when the stop begins, at once where it has; gives the way to end that. */
  onBegin(listener: () => void): () => void {
    if (this.reason !== undefined) listener();
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether an error is the reason of the signal, or Node's AbortError that names it as its cause. */
  isReasonOf(error: unknown): boolean {
    if (this.reason === undefined || typeof error !== 'object' || error === null) return false;
    return error === this.reason || (error as { cause?: unknown }).cause === this.reason;
  }
}

/** The error of what ends because the service does. */
export function stopping(): ServiceError {
  return errorNamed('stopping');
}
