import { isAsyncIterable } from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';
import { EMPTY, encodeBody } from './body';
import type { Destination } from './destination';
import type { Endpoint } from './endpoint';

/** What a call sends: a body or a stream of items. */
export class RequestBody {
  /** Whether it can be sent again. */
  readonly isRepeatable: boolean;
  /** Empty where items follow. */
  readonly bytes: Uint8Array;

  /** @throws TypeError for a payload that cannot be sent */
  constructor(
    private readonly payload: unknown,
    private readonly endpoint: Endpoint,
    { service, method }: Destination,
  ) {
    if (endpoint.takesStream === false && isAsyncIterable(payload))
      throw new TypeError(
        `"${method}" of service "${service}" does not accept a stream (INFO metadata "stream"); send one payload, ` +
          'or declare it: @Endpoint({ request: stream(Item) })',
      );
    this.isRepeatable = this.items === undefined;
    this.bytes = this.isRepeatable ? encodeBody(payload) : EMPTY;
  }

  /** Whether who takes chunks must be known: headers seldom take as much again as half of a message. */
  mayNeedChunks(inbox: Inbox): boolean {
    return this.isRepeatable && this.endpoint.takesStream !== true && this.bytes.length > inbox.outlet.maxPayload / 2;
  }

  /** Those of a payload that is a stream; undefined for one that is sent as it is. */
  get items(): AsyncIterable<unknown> | undefined {
    const { payload } = this;
    if (isAsyncIterable(payload)) return payload;
    if (typeof payload !== 'object' || payload === null || payload instanceof Uint8Array) return undefined;
    const isStream = this.endpoint.takesStream === true && Symbol.iterator in payload;
    return isStream ? oneByOne(payload as Iterable<unknown>) : undefined;
  }
}

async function* oneByOne(items: Iterable<unknown>): AsyncGenerator<unknown> {
  yield* items;
}
