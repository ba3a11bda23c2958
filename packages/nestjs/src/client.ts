import { replyError, type CallOptions, type HeaderValues, type ServiceClient } from '@natsmith/client';
import { jsonOf, millisecondsOfOption, randomToken, ServiceError, unchecked, type Duration } from '@natsmith/protocol';
import { nestEvent } from './event';
import { nestSubject, type NestPattern } from './pattern';
import { nestErrorIn, readNestReply } from './reply';

/** What `send` takes besides pattern and data: that of `client.call`. */
export type NestSendOptions = Pick<CallOptions, 'timeout' | 'signal' | 'headers'>;

/** What `stream` takes besides pattern and data. */
export interface NestStreamOptions {
  /** How long the stream may take as a whole: milliseconds, or a string such as `'5m'`; default 30 s. */
  timeout?: Duration;
  headers?: HeaderValues;
}

const STREAM_TIMEOUT = 30_000;
/** Values that a stream may have: Nest sends them at its own pace, and they wait here. */
const MAX_VALUES = 100_000;

/**
 * Calls services of Nest's NATS transport by their patterns, and emits its events, by the connection, the middleware and
 * the propagation of a client: `new NestClient(client.with(ctx))` carries on a request's deadline and trace.
 */
export class NestClient {
  constructor(private readonly client: Pick<ServiceClient, 'call' | 'publish' | 'requestMany'>) {}

  /**
   * Sends a request to a `@MessagePattern`, and resolves to its response; to the first one of an Observable.
   * @throws ServiceError with Nest's `err` as `data`; 503 when nobody listens
   * @throws TimeoutError when no reply comes in time
   */
  async send<Response = unknown>(
    pattern: NestPattern,
    data?: unknown,
    options: NestSendOptions = {},
  ): Promise<Response> {
    const subject = nestSubject(pattern);
    const id = randomToken();
    const { timeout, signal, headers } = options;
    try {
      const request = { pattern, data, id };
      const body = await this.client.call<Uint8Array>(subject, request, { timeout, signal, headers, as: 'bytes' });
      return readNestReply(body, id, subject).response as Response;
    } catch (error) {
      // A service that has been moved says it in its headers as well.
      throw error instanceof ServiceError ? nestErrorIn(error) : error;
    }
  }

  /**
   * Reads the responses of a `@MessagePattern` that gives an Observable. Nest sends at its own pace, and is not told when
   * the loop is left.
   * @throws ServiceError with Nest's `err` as `data`, or with what a service says in its headers
   * @throws Error when the stream has not ended in time, or has more values than are read
   */
  async *stream<Response = unknown>(
    pattern: NestPattern,
    data?: unknown,
    { timeout, headers }: NestStreamOptions = {},
  ): AsyncGenerator<Response, void, undefined> {
    const subject = nestSubject(pattern);
    const id = randomToken();
    const time = millisecondsOfOption('timeout', timeout) ?? STREAM_TIMEOUT;
    const body = Buffer.from(jsonOf({ pattern, data, id }) as string);
    const limits = { timeout: time, stall: time, max: MAX_VALUES, ...(headers && { headers }) };
    let count = 0;
    const replies = this.client.requestMany(subject, body, limits);
    for await (const reply of replies) {
      const error = replyError(reply);
      if (error !== undefined) throw nestErrorIn(error);
      const { response, isLast } = readNestReply(reply.data, id, subject);
      count++;
      if (response !== undefined) yield response as Response;
      if (isLast) return;
    }
    const [problem] = replies.problems;
    if (problem !== undefined) throw new Error(problem.reason);
    throw new Error(
      count === 0
        ? `nobody answered on ${subject} within ${time} ms`
        : `the stream on ${subject} has not ended within ${time} ms, after ${count} values; give it a longer "timeout"`,
    );
  }

  /** Emits an event to `@EventPattern`, and resolves when the server has taken it; for events with a type see `nestEvent`. */
  async emit(pattern: NestPattern, data: unknown, options: { headers?: HeaderValues } = {}): Promise<void> {
    // Its tokens are part of a pattern, and not named.
    const event = nestEvent(pattern as 'a pattern', unchecked());
    await this.client.publish(event, data, options);
  }
}
