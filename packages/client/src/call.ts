import { ServiceError } from '@natsmith/protocol';
import { EMPTY, encodeBody, type BodyKind } from './body';
import { anySignal, type Carried } from './carried';
import type { Inbox } from './inbox';
import type { ServiceLookup } from './lookup';
import { NoResponders } from './no-responders';
import { runUnder, type PolicyOptions } from './policy';
import { readReply } from './reply';
import { headerLines, sendRequest, type RequestHeaders } from './request';
import { LateIterator } from './late-iterator';
import { openStream, type StreamSettings } from './stream';
import { subjectToCall, type SubjectParams } from './subject';
import { TimeoutError } from './timeout-error';
import { itemsOf, Upload } from './upload';

/** What a call takes besides its payload. */
export interface CallOptions extends PolicyOptions {
  /** Milliseconds until a TimeoutError, for each attempt; sent along, so that the service stops, too. Default: the client's. */
  timeout?: number;
  /** Takes the request back: the promise rejects with its reason, and the handler's `ctx.signal` is aborted. */
  signal?: AbortSignal;
  headers?: RequestHeaders;
  /** Values for the named tokens of the endpoint's subject. */
  params?: SubjectParams;
  /** How the reply's body is read; default `json`. */
  as?: BodyKind;
}

/** What a call takes whose reply is a stream. It is never sent again: part of the stream may have been read. */
export interface StreamOptions extends Omit<CallOptions, keyof PolicyOptions | 'timeout'>, StreamSettings {
  /** Milliseconds for the stream as a whole; default: none, but the first sign of life must come within the client's timeout. */
  timeout?: number;
}

/** What `client.stream` takes. */
export type SubjectStreamOptions = Omit<StreamOptions, 'params'>;

/** What `client.call` takes. */
export interface SubjectCallOptions extends Omit<CallOptions, 'params'> {
  /** Whether the request may be sent again after a timeout; default false. Of a service's endpoint, INFO says it. */
  idempotent?: boolean;
}

/** Makes the calls of one client. */
export class Calls {
  constructor(
    private readonly inbox: Inbox,
    private readonly timeout: number,
    private readonly carried: Carried,
  ) {}

  /** Calls a subject. */
  async subject(subject: string, payload: unknown, options: SubjectCallOptions): Promise<unknown> {
    const send = this.sendable(payload, false);
    const isIdempotent = (): boolean => options.idempotent === true && send.items === undefined;
    return runUnder(options, isIdempotent, this.signal(options), (signal) => this.once(subject, send, options, signal));
  }

  /** Calls an endpoint by its method's name, wherever INFO says that it is. */
  async method(lookup: ServiceLookup, method: string, payload: unknown, options: CallOptions): Promise<unknown> {
    const send = this.sendable(payload, takesStream(lookup, method));
    // Items that were sent cannot be had again.
    const isIdempotent = (): boolean =>
      lookup.find(method)?.info.metadata.idempotent === 'true' && send.items === undefined;
    const attempt = async (signal: AbortSignal | undefined): Promise<unknown> => {
      const { info } = await lookup.get(method);
      return this.once(subjectToCall(info, options.params), send, options, signal);
    };
    return runUnder(options, isIdempotent, this.signal(options), async (signal) => {
      try {
        return await attempt(signal);
      } catch (error) {
        if (!(error instanceof NoResponders)) throw error;
        // The endpoint may have moved: nobody got the request, so it can be sent again.
        await lookup.refresh();
        return await attempt(signal);
      }
    });
  }

  /** Reads a stream from a subject. */
  streamFrom<Item>(subject: string, payload: unknown, options: StreamOptions): AsyncIterable<Item> {
    return {
      [Symbol.asyncIterator]: () =>
        new LateIterator(async () => this.open<Item>(subject, this.sendable(payload, false), options)),
    };
  }

  /** Reads a stream from an endpoint, by its method's name. */
  streamOf(lookup: ServiceLookup, method: string, payload: unknown, options: StreamOptions): AsyncIterable<unknown> {
    const open = async (): Promise<AsyncIterator<unknown, undefined>> => {
      const { info } = await lookup.get(method);
      return this.open(
        subjectToCall(info, options.params),
        this.sendable(payload, takesStream(lookup, method)),
        options,
      );
    };
    const reopen = async (error: unknown): Promise<AsyncIterator<unknown, undefined>> => {
      if (!(error instanceof NoResponders)) throw error;
      await lookup.refresh();
      return open();
    };
    return { [Symbol.asyncIterator]: () => new LateIterator(open, reopen) };
  }

  private open<Item>(subject: string, send: Sendable, options: StreamOptions): AsyncIterator<Item, undefined> {
    const { timeout = Infinity, as = 'json', headers, signal, ...settings } = options;
    checkTimeout(timeout);
    const upload = send.items === undefined ? undefined : new Upload(this.inbox, send.items);
    return openStream<Item>(this.inbox, {
      ...settings,
      subject,
      body: send.body,
      as,
      timeout,
      expiresAt: this.carried.expiresAt,
      firstWithin: timeout === Infinity ? this.timeout : timeout,
      signal: anySignal(this.carried.signal, signal, upload?.failed),
      headers: [...headerLines(this.carried.headers, headers), ...(upload?.headers ?? [])],
      onEnd: () => upload?.stop(),
    });
  }

  private async once(
    subject: string,
    send: Sendable,
    { timeout = this.timeout, headers, as = 'json' }: SubjectCallOptions,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    checkTimeout(timeout);
    const upload = send.items === undefined ? undefined : new Upload(this.inbox, send.items);
    const startedAt = performance.now();
    try {
      const message = await sendRequest(this.inbox, subject, send.body, {
        timeout,
        expiresAt: this.carried.expiresAt,
        signal: anySignal(signal, upload?.failed),
        headers: [...headerLines(this.carried.headers, headers), ...(upload?.headers ?? [])],
      });
      return readReply(message, as, subject);
    } catch (error) {
      // Caller and service see the same moment pass: whoever says so first, it is one error.
      const isUp = performance.now() - startedAt >= timeout - CLOCK_TOLERANCE;
      throw isUp && error instanceof ServiceError && error.code === 504 ? new TimeoutError(subject, timeout) : error;
    } finally {
      upload?.stop();
    }
  }

  private sendable(payload: unknown, takesStream: boolean): Sendable {
    const items = itemsOf(payload, takesStream);
    return items === undefined ? { items, body: encodeBody(payload) } : { items, body: EMPTY };
  }

  private signal({ signal }: { signal?: AbortSignal }): AbortSignal | undefined {
    return anySignal(this.carried.signal, signal);
  }
}

/** A payload on its way out: a body, or a stream of items. */
interface Sendable {
  readonly body: Uint8Array;
  readonly items: AsyncIterable<unknown> | undefined;
}

/** Milliseconds by which the timers of two processes may differ. */
const CLOCK_TOLERANCE = 5;

function takesStream(lookup: ServiceLookup, method: string): boolean {
  return /^(request|both)$/.test(lookup.find(method)?.info.metadata.stream ?? '');
}

function checkTimeout(timeout: number): void {
  if (!(timeout > 0)) throw new TypeError(`timeout ${String(timeout)} is no number of milliseconds above 0`);
}
