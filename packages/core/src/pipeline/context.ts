import { ReceivedHeaders } from '@natsmith/protocol';
import type { BaseContext, HandlerInfo, Kind } from '../define/handler';
import { headerBlock, type ReceivedMessage } from './message';
import type { Stopping } from './stopping';

/** What all messages of a handler share. */
export interface HandlerFacts {
  readonly service: BaseContext['service'];
  readonly handler: HandlerInfo;
  readonly params: readonly { readonly name: string; readonly index: number }[];
  /** Milliseconds; Infinity for none. */
  readonly timeout: number;
  readonly stopping: Stopping;
}

/** Runs one message from here inwards; gives its value or a promise of it. */
export type Execute<Ctx extends Context = Context> = (ctx: Ctx) => unknown;

/** One message on its way. What only some messages need is made when it is first asked for. */
export abstract class Context implements BaseContext {
  abstract readonly kind: Kind;
  /** Readings of `performance.now()`, in milliseconds; `startedAt` is later for a message that had to wait. */
  readonly arrivedAt: number;
  startedAt: number;
  /** When the timeout or the caller's deadline passes, as `performance.now()`; Infinity for never. */
  expiresAt: number;
  /** The outcome is settled, or nobody is to get one any more. */
  isDone = false;
  /** Where the handler failed: log lines about it belong to the asynchronous context of its middleware. */
  scope: ((work: () => void) => void) | undefined;

  private receivedHeaders: ReceivedHeaders | undefined;
  private abortController: AbortController | undefined;
  private abortReason: Error | undefined;
  private whenAborted: ((reason: Error) => void)[] | undefined;
  private tokens: Record<string, string> | undefined;
  private stateMap: Map<unknown, unknown> | undefined;

  constructor(
    private readonly facts: HandlerFacts,
    readonly message: ReceivedMessage,
  ) {
    this.arrivedAt = this.startedAt = performance.now();
    this.expiresAt = this.arrivedAt + facts.timeout;
  }

  get subject(): string {
    return this.message.subject;
  }

  get service(): BaseContext['service'] {
    return this.facts.service;
  }

  get handler(): HandlerInfo {
    return this.facts.handler;
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
    for (const listener of this.whenAborted ?? []) listener(this.abortReason);
    this.whenAborted = undefined;
  }

  /** Calls the listener when the message ends before its handler, at once where it has. */
  onAbort(listener: (reason: Error) => void): void {
    if (this.abortReason !== undefined) listener(this.abortReason);
    else (this.whenAborted ??= []).push(listener);
  }

  /** A handler that nobody waits for any more still runs, and uses what it uses. */
  abstract keepPlaceUntil(settled: Promise<unknown>): void;

  /** Somebody wants to know when the message is taken back. */
  protected awaitCancel(): void {}
}
