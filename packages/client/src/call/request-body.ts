import { EMPTY, encodeBody } from './body';
import { isLarge, uploadInChunks } from '../stream/chunked-request';
import type { Inbox } from '../nats/inbox';
import type { HeaderLines } from './request';
import { itemsOf, Upload } from '../stream/upload';

/** What a call sends: a body or a stream of items. */
export class RequestBody {
  /** Whether it can be sent again. */
  readonly isRepeatable: boolean;
  private readonly encoded: Uint8Array;
  private readonly items: AsyncIterable<unknown> | undefined;

  constructor(
    payload: unknown,
    private readonly takesStream: boolean,
  ) {
    this.items = itemsOf(payload, takesStream);
    this.encoded = this.items === undefined ? encodeBody(payload) : EMPTY;
    this.isRepeatable = this.items === undefined;
  }

  /** Whether who takes chunks must be known. */
  mayNeedChunks(inbox: Inbox): boolean {
    return this.items === undefined && isLarge(this.encoded, inbox);
  }

  /** Makes it ready for one attempt. @param takesChunks asked where the body may be too large for a message */
  pack(inbox: Inbox, subject: string, headers: HeaderLines, takesChunks: () => boolean): Packed {
    const { encoded: body, items } = this;
    if (items !== undefined) return { body, upload: new Upload(inbox, subject, items) };
    if (this.takesStream || !isLarge(body, inbox) || !takesChunks()) return { body, upload: undefined };
    const upload = uploadInChunks(inbox, body, headers, subject);
    return { body: upload === undefined ? body : EMPTY, upload };
  }
}

/** What goes into the request, and what follows it. */
export interface Packed {
  readonly body: Uint8Array;
  readonly upload: Upload | undefined;
}
