import { headersIn, ReceivedHeaders, ServiceError, type ItemReceiver } from '@natsmith/protocol';
import type { CallOptions, StreamOptions, SubjectCallOptions, SubjectStreamOptions } from './call-options';
import { anySignal, type Propagation } from '../propagation';
import type { Inbox } from '../nats/inbox';
import { LazyIterator } from '../stream/lazy-iterator';
import type { ServiceResolver } from '../service/resolver';
import { NoResponders } from './no-responders';
import { OpenedStream } from '../stream/opened-stream';
import { RequestBody } from './request-body';
import { runUnder } from './retry';
import { readReply } from './reply';
import { headerLines, sendRequest, type HeaderLines } from './request';
import type { Destination, MiddlewareStack } from '../middleware';
import { openStream } from '../stream/open';
import { subjectToCall, type SubjectParams } from '../service/params';
import { CLOCK_TOLERANCE, TimeoutError } from './timeout-error';
import { isAsyncIterable, itemsOf } from '../stream/upload';

/** Makes the calls of one client. */
export class Calls {
  constructor(
    private readonly inbox: Inbox,
    private readonly timeout: number,
    private readonly propagation: Propagation,
    private readonly middleware: MiddlewareStack,
  ) {}

  /** Calls a subject. */
  async subject(subject: string, payload: unknown, options: SubjectCallOptions, read = readReply): Promise<unknown> {
    const requestBody = new RequestBody(payload, false);
    const isIdempotent = (): boolean => options.idempotent === true && requestBody.isRepeatable;
    const target = ofSubject(subject);
    return this.around({ kind: 'call', subject, template: subject, signal: options.signal }, options, (lines) =>
      runUnder(options, isIdempotent, this.signal(options), (signal) =>
        this.once(target, requestBody, options, signal, lines, read),
      ),
    );
  }

  /** Calls an endpoint by its method's name, wherever INFO says that it is. */
  async method(lookup: ServiceResolver, method: string, payload: unknown, options: CallOptions): Promise<unknown> {
    const requestBody = new RequestBody(payload, takesStream(lookup, method));
    const isIdempotent = (): boolean => isMarkedIdempotent(lookup, method) && requestBody.isRepeatable;
    const destination = this.middleware.isEmpty ? undefined : await addressOf(lookup, method, 'call', options);
    return this.around(destination, options, (lines) =>
      runUnder(options, isIdempotent, this.signal(options), (signal) =>
        whereItIs(lookup, method, payload, options.params, (target) =>
          this.once(target, requestBody, options, signal, lines),
        ),
      ),
    );
  }

  /** Calls a subject, and gives the whole reply. */
  async request<Data>(subject: string, payload: unknown, options: SubjectCallOptions): Promise<Reply<Data>> {
    let headers: ReceivedHeaders | undefined;
    const data = await this.subject(subject, payload, options, (message, as, from) => {
      headers = headersIn(message);
      return readReply(message, as, from);
    });
    return { data: data as Data, headers: headers ?? new ReceivedHeaders(''), subject };
  }

  /** Reads a stream from a subject. */
  streamFrom<Item>(subject: string, payload: unknown, options: SubjectStreamOptions): AsyncIterable<Item> {
    return this.stream<Item>(payload, options, {
      destination: () => ({ kind: 'stream', subject, template: subject, signal: options.signal }),
      takesStream: never,
      isIdempotent: () => options.idempotent === true,
      at: (open) => open(ofSubject(subject)),
    });
  }

  /** Reads a stream from an endpoint, by its method's name. @param firstWithin ms until its first sign of life */
  streamOf(
    lookup: ServiceResolver,
    method: string,
    payload: unknown,
    options: StreamOptions,
    firstWithin?: number,
  ): AsyncIterable<unknown> {
    return this.stream(payload, options, {
      firstWithin,
      destination: () => addressOf(lookup, method, 'stream', options),
      takesStream: () => takesStream(lookup, method),
      isIdempotent: () => isMarkedIdempotent(lookup, method),
      at: (open) => whereItIs(lookup, method, payload, options.params, open),
    });
  }

  /** A policy runs around the opening of a stream, until its first item or its end is there. */
  private stream<Item>(payload: unknown, options: StreamOptions, source: StreamSource): AsyncIterable<Item> {
    const open = async (left: AbortSignal, lines: HeaderLines): Promise<OpenedStream<Item>> => {
      const { timeout = Infinity } = options;
      checkTimeout(timeout);
      const expiresAt = Math.min(this.propagation.expiresAt, performance.now() + timeout);
      const isIdempotent = (): boolean =>
        source.isIdempotent() &&
        itemsOf(payload, source.takesStream()) === undefined &&
        // A stream that has used up its time is not opened again.
        performance.now() < expiresAt - CLOCK_TOLERANCE;
      const receivers = new Set<ItemReceiver<Item>>();
      const attempt = async (target: Target, signal: AbortSignal | undefined): Promise<OpenedStream<Item>> => {
        const requestBody = new RequestBody(payload, source.takesStream());
        if (requestBody.mayNeedChunks(this.inbox)) await target.settled();
        const receiver = this.open<Item>(target, requestBody, options, expiresAt, source.firstWithin, lines);
        receivers.add(receiver);
        return OpenedStream.from(receiver, signal);
      };
      const signal = anySignal(this.signal(options), left);
      let given: OpenedStream<Item> | undefined;
      try {
        given = await OpenedStream.of<Item>(
          await runUnder(options, isIdempotent, signal, (signal) => source.at((target) => attempt(target, signal))),
        );
        return given;
      } finally {
        // A policy may have opened more than it gives: to try again after a result, or several at once.
        for (const receiver of receivers) if (receiver !== given?.rest) void receiver.return();
      }
    };
    const openUnder = async (left: AbortSignal): Promise<OpenedStream<Item>> => {
      const lines = headerLines(this.propagation.headers, options.headers);
      if (this.middleware.isEmpty) return open(left, lines);
      let opened: OpenedStream<Item> | undefined;
      const send = async (all: HeaderLines): Promise<unknown> => (opened = await open(left, all));
      try {
        return await OpenedStream.of<Item>(await this.middleware.run(await source.destination(), lines, send));
      } catch (error) {
        void opened?.rest.return?.();
        throw error;
      }
    };
    return { [Symbol.asyncIterator]: () => new LazyIterator(openUnder) };
  }

  private open<Item>(
    { subject, takesChunks, advice }: Target,
    requestBody: RequestBody,
    options: StreamOptions,
    expiresAt: number,
    firstWithin: number | undefined,
    lines: HeaderLines,
  ): ItemReceiver<Item> {
    const { timeout = Infinity, as = 'json', signal, ...settings } = options;
    const { body, upload } = requestBody.pack(this.inbox, subject, lines, takesChunks);
    try {
      return openStream<Item>(this.inbox, {
        ...settings,
        subject,
        body,
        as,
        timeout,
        expiresAt,
        firstWithin: firstWithin ?? (timeout === Infinity ? this.timeout : timeout),
        signal: anySignal(this.propagation.signal, signal, upload?.failed),
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
    { subject, takesChunks, settled, advice }: Target,
    requestBody: RequestBody,
    { timeout = this.timeout, as = 'json' }: SubjectCallOptions,
    signal: AbortSignal | undefined,
    lines: HeaderLines,
    read = readReply,
  ): Promise<unknown> {
    checkTimeout(timeout);
    if (requestBody.mayNeedChunks(this.inbox)) await settled();
    const { body, upload } = requestBody.pack(this.inbox, subject, lines, takesChunks);
    const startedAt = performance.now();
    try {
      const message = await sendRequest(this.inbox, subject, body, {
        timeout,
        expiresAt: this.propagation.expiresAt,
        signal: anySignal(signal, upload?.failed),
        headers: upload === undefined ? lines : [...lines, ...upload.headers],
        advice,
      });
      return read(message, as, subject);
    } catch (error) {
      // Caller and service see the same moment pass: whoever says so first, it is one error.
      const isUp = performance.now() - startedAt >= timeout - CLOCK_TOLERANCE;
      throw isUp && error instanceof ServiceError && error.code === 504 ? new TimeoutError(subject, timeout) : error;
    } finally {
      upload?.stop();
    }
  }

  private around(
    destination: Destination | undefined,
    { headers }: CallOptions,
    send: (lines: HeaderLines) => Promise<unknown>,
  ): Promise<unknown> {
    const lines = headerLines(this.propagation.headers, headers);
    if (destination === undefined || this.middleware.isEmpty) return send(lines);
    return this.middleware.run(destination, lines, send);
  }

  private signal({ signal }: { signal?: AbortSignal }): AbortSignal | undefined {
    return anySignal(this.propagation.signal, signal);
  }
}

/** A whole reply. */
export interface Reply<Data> {
  readonly data: Data;
  readonly headers: ReceivedHeaders;
  /** Where the request went. */
  readonly subject: string;
}

/** Where a request goes, and what is known of whoever listens there. */
interface Target {
  readonly subject: string;
  readonly takesChunks: () => boolean;
  /** Resolves when all who may listen there have been heard of. */
  readonly settled: () => Promise<void>;
  /** What to do where a message is too large. */
  readonly advice: string;
}

/** Where a stream comes from. */
interface StreamSource {
  /** Milliseconds until the first sign of life, where the service says it. */
  readonly firstWithin?: number | undefined;
  readonly destination: () => Destination | Promise<Destination>;
  readonly takesStream: () => boolean;
  readonly isIdempotent: () => boolean;
  readonly at: (open: (target: Target) => Promise<unknown>) => Promise<unknown>;
}

const ofSubject = (subject: string): Target => ({
  subject,
  takesChunks: never,
  settled: () => Promise.resolve(),
  advice: CALL_BY_SERVICE,
});

async function addressOf(
  lookup: ServiceResolver,
  method: string,
  kind: Destination['kind'],
  { params, signal }: Pick<CallOptions, 'params' | 'signal'>,
): Promise<Destination> {
  const { info } = await lookup.get(method);
  const template = info.metadata.subject_template ?? info.subject;
  return { kind, subject: subjectToCall(info, params), template, service: lookup.name, method, signal };
}

const CALL_BY_SERVICE =
  'send less, or call it by client.service(), which knows whether the service takes larger payloads in chunks';

const never = (): boolean => false;

/** Tries an endpoint where INFO says that it is; and where it is now, when nobody is there. */
async function whereItIs(
  lookup: ServiceResolver,
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
    const settled = (): Promise<void> => lookup.settled();
    return attempt({ subject: subjectToCall(found.info, params), takesChunks, settled, advice: SEND_LESS });
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

function takesStream(lookup: ServiceResolver, method: string): boolean {
  return /^(request|both)$/.test(lookup.find(method)?.info.metadata.stream ?? '');
}

function isMarkedIdempotent(lookup: ServiceResolver, method: string): boolean {
  return lookup.find(method)?.info.metadata.idempotent === 'true';
}

function checkTimeout(timeout: number): void {
  if (!(timeout > 0)) throw new TypeError(`timeout must be a positive number of milliseconds, got ${String(timeout)}`);
}
