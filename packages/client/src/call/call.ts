import { ServiceError, type ItemReceiver } from '@natsmith/protocol';
import type { CallOptions, StreamOptions, SubjectCallOptions, SubjectStreamOptions } from './call-options';
import { anySignal, type Carried } from '../propagation';
import type { Inbox } from '../nats/inbox';
import { LateIterator } from '../stream/lazy-iterator';
import type { ServiceLookup } from '../service/resolver';
import { NoResponders } from './no-responders';
import { Opened } from '../stream/opened-stream';
import { Outgoing } from './request-body';
import { runUnder } from './retry';
import { readReply } from './reply';
import { headerLines, sendRequest } from './request';
import { openStream } from '../stream/open';
import { subjectToCall, type SubjectParams } from '../service/params';
import { CLOCK_TOLERANCE, TimeoutError } from './timeout-error';
import { isAsyncIterable, itemsOf } from '../stream/upload';

/** Makes the calls of one client. */
export class Calls {
  constructor(
    private readonly inbox: Inbox,
    private readonly timeout: number,
    private readonly carried: Carried,
  ) {}

  /** Calls a subject. */
  async subject(subject: string, payload: unknown, options: SubjectCallOptions): Promise<unknown> {
    const outgoing = new Outgoing(payload, false);
    const isIdempotent = (): boolean => options.idempotent === true && outgoing.isRepeatable;
    const target = ofSubject(subject);
    return runUnder(options, isIdempotent, this.signal(options), (signal) =>
      this.once(target, outgoing, options, signal),
    );
  }

  /** Calls an endpoint by its method's name, wherever INFO says that it is. */
  async method(lookup: ServiceLookup, method: string, payload: unknown, options: CallOptions): Promise<unknown> {
    const outgoing = new Outgoing(payload, takesStream(lookup, method));
    const isIdempotent = (): boolean => isMarkedIdempotent(lookup, method) && outgoing.isRepeatable;
    return runUnder(options, isIdempotent, this.signal(options), (signal) =>
      whereItIs(lookup, method, payload, options.params, (target) => this.once(target, outgoing, options, signal)),
    );
  }

  /** Reads a stream from a subject. */
  streamFrom<Item>(subject: string, payload: unknown, options: SubjectStreamOptions): AsyncIterable<Item> {
    return this.stream<Item>(payload, options, {
      takesStream: never,
      isIdempotent: () => options.idempotent === true,
      at: (open) => open(ofSubject(subject)),
    });
  }

  /** Reads a stream from an endpoint, by its method's name. @param firstWithin ms until its first sign of life */
  streamOf(
    lookup: ServiceLookup,
    method: string,
    payload: unknown,
    options: StreamOptions,
    firstWithin?: number,
  ): AsyncIterable<unknown> {
    return this.stream(payload, options, {
      firstWithin,
      takesStream: () => takesStream(lookup, method),
      isIdempotent: () => isMarkedIdempotent(lookup, method),
      at: (open) => whereItIs(lookup, method, payload, options.params, open),
    });
  }

  /** A policy runs around the opening of a stream, until its first item or its end is there. */
  private stream<Item>(payload: unknown, options: StreamOptions, source: StreamSource): AsyncIterable<Item> {
    const open = async (left: AbortSignal): Promise<Opened<Item>> => {
      const { timeout = Infinity } = options;
      checkTimeout(timeout);
      const expiresAt = Math.min(this.carried.expiresAt, performance.now() + timeout);
      const isIdempotent = (): boolean =>
        source.isIdempotent() &&
        itemsOf(payload, source.takesStream()) === undefined &&
        // A stream that has used up its time is not opened again.
        performance.now() < expiresAt - CLOCK_TOLERANCE;
      const receivers = new Set<ItemReceiver<Item>>();
      const attempt = async (target: Target, signal: AbortSignal | undefined): Promise<Opened<Item>> => {
        const outgoing = new Outgoing(payload, source.takesStream());
        const receiver = this.open<Item>(target, outgoing, options, expiresAt, source.firstWithin);
        receivers.add(receiver);
        return Opened.from(receiver, signal);
      };
      const signal = anySignal(this.signal(options), left);
      let given: Opened<Item> | undefined;
      try {
        given = await Opened.of<Item>(
          await runUnder(options, isIdempotent, signal, (signal) => source.at((target) => attempt(target, signal))),
        );
        return given;
      } finally {
        // A policy may have opened more than it gives: to try again after a result, or several at once.
        for (const receiver of receivers) if (receiver !== given?.rest) void receiver.return();
      }
    };
    return { [Symbol.asyncIterator]: () => new LateIterator(open) };
  }

  private open<Item>(
    { subject, takesChunks, advice }: Target,
    outgoing: Outgoing,
    options: StreamOptions,
    expiresAt: number,
    firstWithin: number | undefined,
  ): ItemReceiver<Item> {
    const { timeout = Infinity, as = 'json', headers, signal, ...settings } = options;
    const lines = headerLines(this.carried.headers, headers);
    const { body, upload } = outgoing.pack(this.inbox, subject, lines, takesChunks);
    try {
      return openStream<Item>(this.inbox, {
        ...settings,
        subject,
        body,
        as,
        timeout,
        expiresAt,
        firstWithin: firstWithin ?? (timeout === Infinity ? this.timeout : timeout),
        signal: anySignal(this.carried.signal, signal, upload?.failed),
        headers: [...lines, ...(upload?.headers ?? [])],
        advice,
        onEnd: () => upload?.stop(),
      });
    } catch (error) {
      upload?.stop();
      throw error;
    }
  }

  private async once(
    { subject, takesChunks, advice }: Target,
    outgoing: Outgoing,
    { timeout = this.timeout, headers, as = 'json' }: SubjectCallOptions,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    checkTimeout(timeout);
    const lines = headerLines(this.carried.headers, headers);
    const { body, upload } = outgoing.pack(this.inbox, subject, lines, takesChunks);
    const startedAt = performance.now();
    try {
      const message = await sendRequest(this.inbox, subject, body, {
        timeout,
        expiresAt: this.carried.expiresAt,
        signal: anySignal(signal, upload?.failed),
        headers: upload === undefined ? lines : [...lines, ...upload.headers],
        advice,
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

  private signal({ signal }: { signal?: AbortSignal }): AbortSignal | undefined {
    return anySignal(this.carried.signal, signal);
  }
}

/** Where a request goes, and what is known of whoever listens there. */
interface Target {
  readonly subject: string;
  readonly takesChunks: () => boolean;
  /** What to do where a message is too large. */
  readonly advice: string;
}

/** Where a stream comes from. */
interface StreamSource {
  /** Milliseconds until the first sign of life, where the service says it. */
  readonly firstWithin?: number | undefined;
  readonly takesStream: () => boolean;
  readonly isIdempotent: () => boolean;
  readonly at: (open: (target: Target) => Promise<unknown>) => Promise<unknown>;
}

const ofSubject = (subject: string): Target => ({ subject, takesChunks: never, advice: CALL_BY_SERVICE });

const CALL_BY_SERVICE =
  'send less, or call it by client.service(), which knows whether the service takes larger payloads in chunks';

const never = (): boolean => false;

/** Tries an endpoint where INFO says that it is; and where it is now, when nobody is there. */
async function whereItIs(
  lookup: ServiceLookup,
  method: string,
  payload: unknown,
  params: SubjectParams | undefined,
  attempt: (target: Target) => Promise<unknown>,
): Promise<unknown> {
  const once = async (): Promise<unknown> => {
    const found = await lookup.get(method);
    if (isAsyncIterable(payload) && !takesStream(lookup, method))
      throw new TypeError(takesNoStream(lookup.name, method));
    const takesChunks = (): boolean => lookup.takesChunks(found);
    return attempt({ subject: subjectToCall(found.info, params), takesChunks, advice: SEND_LESS });
  };
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof NoResponders)) throw error;
    // The endpoint may have moved: nobody got the request, so it can be sent again.
    await lookup.refresh();
    return once();
  }
}

function takesNoStream(service: string, method: string): string {
  return (
    `"${method}" of service "${service}" takes no stream, by its INFO metadata; send one payload, ` +
    'or let its endpoint take one: @Endpoint({ request: stream(Item) })'
  );
}

const SEND_LESS = 'send less, or raise max_payload: the service takes no larger payloads in chunks';

function takesStream(lookup: ServiceLookup, method: string): boolean {
  return /^(request|both)$/.test(lookup.find(method)?.info.metadata.stream ?? '');
}

function isMarkedIdempotent(lookup: ServiceLookup, method: string): boolean {
  return lookup.find(method)?.info.metadata.idempotent === 'true';
}

function checkTimeout(timeout: number): void {
  if (!(timeout > 0)) throw new TypeError(`timeout must be a positive number of milliseconds, got ${String(timeout)}`);
}
