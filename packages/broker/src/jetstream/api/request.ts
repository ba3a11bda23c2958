import type { Clock } from '../clock';
import type { Consumer } from '../consumer';
import { refusals } from '../api-error';
import type { Stream } from '../stream';
import type { StreamConfig } from '../stream-config';

/** A request to the API: the tokens of its subject behind `$JS.API`, its headers as a byte string, and its body. */
export interface ApiRequest {
  readonly tokens: readonly string[];
  readonly headers: string;
  readonly body: Buffer;
}

/** What the API works on. */
export interface Account {
  readonly streams: ReadonlyMap<string, Stream<Consumer>>;
  readonly clock: Clock;
  readonly counts: { readonly total: number; readonly errors: number };
  create(config: StreamConfig): Stream<Consumer>;
  checkOverlap(config: StreamConfig): void;
  delete(stream: Stream<Consumer>): void;
}

/** Answers a kind of request; `names` are the tokens of the subject behind the kind. Throws ApiError. */
export type Handler = (account: Account, names: readonly string[], request: ApiRequest) => object;

/** What is asked, by its subject behind `$JS.API`: the type of its answer, who answers, and what a refusal says besides. */
export type Handlers = Readonly<Record<string, readonly [string, Handler, object?]>>;

/** Throws ApiError where there is no such stream. */
export function findStream({ streams }: Account, name = ''): Stream<Consumer> {
  const stream = streams.get(name);
  if (!stream) throw refusals.streamNotFound();
  return stream;
}

/** Throws ApiError where there is no such stream or consumer. */
export function findConsumer(account: Account, stream = '', name = ''): Consumer {
  const consumer = findStream(account, stream).consumers.get(name);
  if (!consumer) throw refusals.consumerNotFound();
  return consumer;
}

/** One page of a list, with the counts that clients page by. */
export function page<T>(
  all: readonly T[],
  offset: unknown,
  limit: number,
): { total: number; offset: number; limit: number; entries: T[] } {
  const from = Math.min(Math.max(0, Number(offset ?? 0)), all.length);
  return { total: all.length, offset: from, limit, entries: all.slice(from, from + limit) };
}
