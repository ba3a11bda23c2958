import { encodeBody, type BodyKind } from './body';
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
    const body = encodeBody(payload);
    const signal = anySignal(this.carried.signal, options.signal);
    return runUnder(
      options,
      () => options.idempotent === true,
      signal,
      (signal) => this.once(subject, body, options, signal),
    );
  }

  /** Calls an endpoint by its method's name, wherever INFO says that it is. */
  async method(lookup: ServiceLookup, method: string, payload: unknown, options: CallOptions): Promise<unknown> {
    const body = encodeBody(payload);
    const signal = anySignal(this.carried.signal, options.signal);
    const isIdempotent = (): boolean => lookup.find(method)?.info.metadata.idempotent === 'true';
    const send = async (signal: AbortSignal | undefined): Promise<unknown> => {
      const { info } = await lookup.get(method);
      return this.once(subjectToCall(info, options.params), body, options, signal);
    };
    return runUnder(options, isIdempotent, signal, async (signal) => {
      try {
        return await send(signal);
      } catch (error) {
        if (!(error instanceof NoResponders)) throw error;
        // The endpoint may have moved: nobody got the request, so it can be sent again.
        await lookup.refresh();
        return await send(signal);
      }
    });
  }

  /** Reads a stream from a subject. */
  streamFrom<Item>(subject: string, payload: unknown, options: StreamOptions): AsyncIterable<Item> {
    return { [Symbol.asyncIterator]: () => new LateIterator(async () => this.open<Item>(subject, payload, options)) };
  }

  /** Reads a stream from an endpoint, by its method's name. */
  streamOf(lookup: ServiceLookup, method: string, payload: unknown, options: StreamOptions): AsyncIterable<unknown> {
    const open = async (): Promise<AsyncIterator<unknown, undefined>> => {
      const { info } = await lookup.get(method);
      return this.open(subjectToCall(info, options.params), payload, options);
    };
    const reopen = async (error: unknown): Promise<AsyncIterator<unknown, undefined>> => {
      if (!(error instanceof NoResponders)) throw error;
      await lookup.refresh();
      return open();
    };
    return { [Symbol.asyncIterator]: () => new LateIterator(open, reopen) };
  }

  private open<Item>(subject: string, payload: unknown, options: StreamOptions): AsyncIterator<Item, undefined> {
    const { timeout = Infinity, as = 'json', headers, signal, ...settings } = options;
    checkTimeout(timeout);
    return openStream<Item>(this.inbox, {
      ...settings,
      subject,
      body: encodeBody(payload),
      as,
      timeout,
      expiresAt: this.carried.expiresAt,
      firstWithin: timeout === Infinity ? this.timeout : timeout,
      signal: anySignal(this.carried.signal, signal),
      headers: headerLines(this.carried.headers, headers),
    });
  }

  private async once(
    subject: string,
    body: Uint8Array,
    { timeout = this.timeout, headers, as = 'json' }: SubjectCallOptions,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    checkTimeout(timeout);
    const message = await sendRequest(this.inbox, subject, body, {
      timeout,
      expiresAt: this.carried.expiresAt,
      signal,
      headers: headerLines(this.carried.headers, headers),
    });
    return readReply(message, as, subject);
  }
}

function checkTimeout(timeout: number): void {
  if (!(timeout > 0)) throw new TypeError(`timeout ${String(timeout)} is no number of milliseconds above 0`);
}
