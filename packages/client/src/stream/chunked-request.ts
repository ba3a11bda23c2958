import { Buffer, chunksOf, headerBlock, MAX_BODY, SIZE_HEADER, type HeaderLines } from '@natsmith/protocol';
import type { RequestBody } from '../call/request-body';
import type { Inbox } from '../nats/inbox';
import { Upload } from './upload';

/** Bytes that a request's headers may take besides those of the caller and the inbox: timeout, cancel and chunks. */
const OWN_HEADERS = 256;

/** What follows a request, for one attempt. @param inChunks whether a body that is too large for a message may go in chunks */
export function uploadOf(
  body: RequestBody,
  inbox: Inbox,
  subject: string,
  headers: HeaderLines,
  inChunks: boolean,
): Upload | undefined {
  if (inChunks) return uploadInChunks(inbox, body.bytes, headers, subject);
  const { items } = body;
  return items && new Upload(inbox, subject, items);
}

/** Sends a body in chunks; undefined for one that fits into the request. @throws Error when it is too large for both */
function uploadInChunks(inbox: Inbox, body: Uint8Array, headers: HeaderLines, subject: string): Upload | undefined {
  const { maxPayload } = inbox.outlet;
  const headerSize = headerBlock(headers).encode().length + Buffer.byteLength(inbox.prefix) + OWN_HEADERS;
  if (body.length + headerSize <= maxPayload) return undefined;
  if (body.length > MAX_BODY)
    throw new Error(
      `a body of ${body.length} bytes for ${subject} exceeds the limit of ${MAX_BODY} bytes; send a stream`,
    );
  return new Upload(inbox, subject, chunksOf(body, maxPayload), [[SIZE_HEADER, String(body.length)]]);
}
