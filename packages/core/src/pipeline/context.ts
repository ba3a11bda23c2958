import { ReceivedHeaders, TIMEOUT_HEADER } from '@natsmith/protocol';
import type { RequestContext } from '../define/handler';
import { HeadersToSend } from './headers';
import { hasHeaders, headerBlock, type RequestMessage } from './message';
import type { Stopping } from './stopping';

const DECIMAL = /^[-+]?\d+(\.\d+)?$/;
// A hundred years in milliseconds: what is longer is no deadline, and far beyond it lie dates that do not exist.
const MAX_TIMEOUT = 100 * 365 * 24 * 3600 * 1000;

/** What every request of an endpoint shares. */
export interface EndpointFacts {
  readonly service: RequestContext['service'];
  readonly endpoint: RequestContext['endpoint'];
  readonly params: readonly { readonly name: string; readonly index: number }[];
  /** Milliseconds; Infinity for none. */
  readonly timeout: number;
  readonly stopping: Stopping;
}

/** One request on its way. What only some requests need is made when it is first asked for. */
export class Context implements RequestContext {
  /** Readings of `performance.now()`, in milliseconds; `startedAt` is later for a request that had to wait. */
  readonly arrivedAt: number;
  startedAt: number;
  /** When the timeout or the caller's deadline passes, as `performance.now()`; Infinity for never. */
  readonly expiresAt: number;
  /** The reply is out, or nobody is to get one any more. */
  isDone = false;
  /** How many limiters the request has a place in. */
  places = 0;
  timer: NodeJS.Timeout | undefined;
  /** Called when the reply is out. */
  atEnd: (() => void) | undefined;

  private receivedHeaders: ReceivedHeaders | undefined;
  private headersToSend: HeadersToSend | undefined;
  private abortController: AbortController | undefined;
  private abortReason: Error | undefined;
  private tokens: Record<string, string> | undefined;
  private stateMap: Map<unknown, unknown> | undefined;

  constructor(
    private readonly facts: EndpointFacts,
    readonly message: RequestMessage,
  ) {
    this.arrivedAt = this.startedAt = performance.now();
    const timeout = hasHeaders(message) ? Math.min(facts.timeout, this.callersTimeout()) : facts.timeout;
    this.expiresAt = this.arrivedAt + timeout;
  }

  get subject(): string {
    return this.message.subject;
  }

  get service(): RequestContext['service'] {
    return this.facts.service;
  }

  get endpoint(): RequestContext['endpoint'] {
    return this.facts.endpoint;
  }

  get params(): Readonly<Record<string, string>> {
    if (this.tokens === undefined) {
      const tokens = this.subject.split('.');
      this.tokens = Object.fromEntries(this.facts.params.map(({ name, index }) => [name, tokens[index] ?? '']));
    }
    return this.tokens;
  }

  get headers(): ReceivedHeaders {
    return (this.receivedHeaders ??= new ReceivedHeaders(headerBlock(this.message)));
  }

  get replyHeaders(): HeadersToSend {
    return (this.headersToSend ??= new HeadersToSend());
  }

  /** The reply's headers, when somebody set one. */
  get setHeaders(): HeadersToSend | undefined {
    return this.headersToSend === undefined || this.headersToSend.isEmpty ? undefined : this.headersToSend;
  }

  get signal(): AbortSignal {
    if (this.abortController === undefined) {
      this.abortController = new AbortController();
      if (this.abortReason !== undefined) this.abortController.abort(this.abortReason);
      else this.awaitCancel();
    }
    return this.abortController.signal;
  }

  get stopping(): AbortSignal {
    return this.facts.stopping.signal;
  }

  get deadline(): Date | undefined {
    if (this.expiresAt === Infinity) return undefined;
    return new Date(Date.now() + this.expiresAt - performance.now());
  }

  get state(): Map<unknown, unknown> {
    return (this.stateMap ??= new Map());
  }

  /** Whether an error is the reason of the signal, or Node's AbortError that names it as its cause. */
  isAbortedWith(error: unknown): boolean {
    if (this.abortReason === undefined || typeof error !== 'object' || error === null) return false;
    return error === this.abortReason || (error as { cause?: unknown }).cause === this.abortReason;
  }

  abort(reason: Error): void {
    this.abortReason ??= reason;
    this.abortController?.abort(this.abortReason);
  }

  /** Its stream gives nothing any more while the service stops. */
  standStill(): void {}

  /** Somebody wants to know when the request is taken back. */
  protected awaitCancel(): void {}

  private callersTimeout(): number {
    const value = this.headers.get(TIMEOUT_HEADER);
    // What is no number is no deadline; a caller whose time is up gets the 504 that it asked for.
    if (value === undefined || !DECIMAL.test(value)) return Infinity;
    const timeout = Math.max(Number(value), 0);
    return timeout > MAX_TIMEOUT ? Infinity : timeout;
  }
}
