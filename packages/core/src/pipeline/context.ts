import { ReceivedHeaders, readTraceparent, type ServiceError } from '@natsmith/protocol';
import type { BaseContext, HandlerInfo, Kind } from '../define/handler';
import { MessageLog, type HandlerLog } from './bound-log';
import { hasHeaders, headerText, type ReceivedMessage } from './message';
import type { Stopping } from './stopping';

/** What all messages of a handler share. */
export interface HandlerFacts {
  readonly service: BaseContext['service'];
  readonly handler: HandlerInfo;
  readonly params: readonly { readonly name: string; readonly index: number }[];
  /** Milliseconds; Infinity for none. */
  readonly timeout: number;
  /** Bytes. */
  readonly maxBody: number;
  readonly stopping: Stopping;
  /** For lines about no message. */
  readonly log: HandlerLog;
}

/** The trace of a message, as OpenTelemetry's `SpanContext` has it. */
export interface MessageTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of W3C Trace Context: the lowest bit says that the trace is recorded. */
  readonly traceFlags: number;
}

/** Runs one message from here inwards; gives its value or a promise of it. */
export type Execute<Ctx extends Context = Context> = (ctx: Ctx) => unknown;

/** What is known and wanted of the end of a message before its handler; made when somebody asks, or it happens. */
class Abortion {
  controller: AbortController | undefined;
  reason: Error | undefined;
  readonly listeners: ((reason: Error) => void)[] = [];
}

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
  private abortion: Abortion | undefined;
  private tokens: Record<string, string> | undefined;
  private messageLog: MessageLog | undefined;
  /** The trace that what traces here has the message in. */
  trace: MessageTrace | undefined;
  private stateMap: Map<unknown, unknown> | undefined;

  constructor(
    protected readonly runtime: HandlerFacts,
    readonly message: ReceivedMessage,
  ) {
    this.arrivedAt = this.startedAt = performance.now();
    this.expiresAt = this.arrivedAt + runtime.timeout;
  }

  get subject(): string {
    return this.message.subject;
  }

  get service(): BaseContext['service'] {
    return this.runtime.service;
  }

  get handler(): HandlerInfo {
    return this.runtime.handler;
  }

  /** Bytes; a longer body is refused where it would be decoded. */
  get maxBody(): number {
    return this.runtime.maxBody;
  }

  get params(): Readonly<Record<string, string>> {
    if (this.tokens === undefined) {
      const tokens = this.subject.split('.');
      this.tokens = Object.fromEntries(this.runtime.params.map(({ name, index }) => [name, tokens[index] ?? '']));
    }
    return this.tokens;
  }

  get headers(): ReceivedHeaders {
    return (this.receivedHeaders ??= new ReceivedHeaders(headerText(this.message)));
  }

  get signal(): AbortSignal {
    const abortion = (this.abortion ??= new Abortion());
    if (abortion.controller === undefined) {
      abortion.controller = new AbortController();
      if (abortion.reason !== undefined) abortion.controller.abort(abortion.reason);
      else this.awaitCancel();
    }
    return abortion.controller.signal;
  }

  get stopping(): AbortSignal {
    return this.runtime.stopping.signal;
  }

  get deadline(): Date | undefined {
    if (this.expiresAt === Infinity) return undefined;
    return new Date(Date.now() + this.expiresAt - performance.now());
  }

  get log(): MessageLog {
    return (this.messageLog ??= new MessageLog(this.runtime.log, this));
  }

  get requestId(): string {
    return this.log.requestId;
  }

  get traceId(): string | undefined {
    return (
      this.trace?.traceId ??
      (hasHeaders(this.message) ? readTraceparent(this.headers.get('traceparent'))?.traceId : undefined)
    );
  }

  abstract get finished(): Promise<{ readonly error?: ServiceError }>;

  get state(): Map<unknown, unknown> {
    return (this.stateMap ??= new Map());
  }

  /** Whether an error is the reason of the signal, or Node's AbortError that names it as its cause. */
  isAbortedWith(error: unknown): boolean {
    const reason = this.abortion?.reason;
    if (reason === undefined || typeof error !== 'object' || error === null) return false;
    return error === reason || (error as { cause?: unknown }).cause === reason;
  }

  /** Whether an error is the reason of `stopping`, or Node's AbortError that names it as its cause. */
  isStoppedWith(error: unknown): boolean {
    return this.runtime.stopping.isReasonOf(error);
  }

  abort(reason: Error): void {
    const abortion = (this.abortion ??= new Abortion());
    abortion.reason ??= reason;
    abortion.controller?.abort(abortion.reason);
    for (const listener of abortion.listeners.splice(0)) listener(abortion.reason);
  }

  /** Calls the listener when the message ends before its handler, at once where it has. */
  onAbort(listener: (reason: Error) => void): void {
    const abortion = (this.abortion ??= new Abortion());
    if (abortion.reason !== undefined) listener(abortion.reason);
    else abortion.listeners.push(listener);
  }

  /** A handler that nobody waits for any more still runs, and uses what it uses. */
  abstract keepPlaceUntil(settled: Promise<unknown>): void;

  /** Somebody wants to know when the message is taken back. */
  protected awaitCancel(): void {}
}
