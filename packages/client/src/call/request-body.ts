import { isAsyncIterable, type HeaderLines } from '@natsmith/protocol';
import { isLarge, uploadInChunks } from '../stream/chunked-request';
import type { Inbox } from '../nats/inbox';
import { itemsOf, Upload } from '../stream/upload';
import { EMPTY, encodeBody } from './body';
import type { Destination } from './destination';
import type { Endpoint } from './endpoint';

/** What goes into a request, and what follows it. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly upload: Upload | undefined;
}

/** What a call sends: a body or a stream of items. */
export class RequestBody {
  /** Whether it can be sent again. */
  readonly isRepeatable: boolean;
  private readonly bytes: Uint8Array;

  /** @throws TypeError for a payload that cannot be sent */
  constructor(
    private readonly payload: unknown,
    private readonly endpoint: Endpoint,
    { service, method }: Destination,
  ) {
    const { takesStream } = endpoint;
    if (takesStream === false && isAsyncIterable(payload))
      throw new TypeError(
        `"${method}" of service "${service}" does not accept a stream (INFO metadata "stream"); send one payload, ` +
          'or declare it: @Endpoint({ request: stream(Item) })',
      );
    this.isRepeatable = itemsOf(payload, takesStream === true) === undefined;
    this.bytes = this.isRepeatable ? encodeBody(payload) : EMPTY;
  }

  /** Whether who takes chunks must be known. */
  mayNeedChunks(inbox: Inbox): boolean {
    return this.isRepeatable && this.endpoint.takesStream !== true && isLarge(this.bytes, inbox);
  }

  /** Makes it ready for one attempt. @param inChunks whether a body that is too large for a message may go in chunks */
  pack(inbox: Inbox, subject: string, headers: HeaderLines, inChunks: boolean): Packed {
    if (inChunks) {
      const upload = uploadInChunks(inbox, this.bytes, headers, subject);
      return { bytes: upload === undefined ? this.bytes : EMPTY, upload };
    }
    const items = this.isRepeatable ? undefined : itemsOf(this.payload, this.endpoint.takesStream === true);
    return { bytes: this.bytes, upload: items && new Upload(inbox, subject, items) };
  }
}
