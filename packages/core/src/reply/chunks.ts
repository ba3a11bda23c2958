import {
  asBuffer,
  CHUNK_CREDIT,
  CHUNKS_HEADER,
  chunksOf,
  countIn,
  creditIn,
  DEFAULT_HEARTBEAT,
  errorNamed,
  headerBlock,
  HEARTBEAT_HEADER,
  heartbeatIn,
  join,
  MAX_BODY,
  MAX_CHUNK,
  SIZE_HEADER,
  UPLOAD_HEADER,
} from '@natsmith/protocol';
import { tooLarge } from '../payload/body-size';
import type { Turn } from './body-turns';
import type { Replying } from './replying';
import type { EndpointRuntime } from './endpoint-runtime';
import type { Body, ReplyOutlet } from './outlet';
import { hasHeaders } from '../pipeline/message';
import { sendStream } from './stream';
import { uploadedItems } from './uploaded-items';

/** How many chunks the caller takes before it grants more; undefined for one that does not know them. */
export function chunkCreditOf(request: Replying): number | undefined {
  return hasHeaders(request.message) ? creditIn(request.headers.get(CHUNKS_HEADER)) : undefined;
}

/** Sends a reply that is too large for one message; the request's own reply, sent afterwards, ends it. */
export async function sendInChunks(
  body: Body,
  credit: number,
  request: Replying,
  runtime: EndpointRuntime,
): Promise<void> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const { length } = bytes;
  if (length > MAX_BODY) {
    request.log.error({ size: length, maxBody: MAX_BODY }, 'reply is too large for chunks');
    throw errorNamed('replyOverChunks', { size: length, max: MAX_BODY });
  }
  await sendStream(chunksOf(bytes, runtime.outlet.maxPayload), request, runtime, {
    credit,
    heartbeat: heartbeatOf(request),
    announcement: headerBlock([[SIZE_HEADER, String(length)]]),
  });
}

/** Neither end has a reason to be slow, and one that is silent holds a body, and its place where there are few. */
function heartbeatOf(request: Replying): number {
  return Math.min(heartbeatIn(request.headers.get(HEARTBEAT_HEADER)), DEFAULT_HEARTBEAT);
}

/** Whether the payload of a request, empty in its message, is to come in chunks or as a stream of items. */
export function announcesPayload(ctx: Replying): boolean {
  return hasHeaders(ctx.message) && ctx.headers.has(UPLOAD_HEADER);
}

/** Receives the announced body. What is too large is refused before any of it is sent. */
export async function receiveBody(ctx: Replying, outlet: ReplyOutlet, maxBody: number): Promise<Uint8Array> {
  const size = countIn(ctx.headers.get(SIZE_HEADER));
  if (size === undefined) throw errorNamed('sizeNotANumber', { header: SIZE_HEADER });
  if (size > maxBody) throw tooLarge('body', size, maxBody);
  // From here on a caller that takes its request back is heard.
  const { signal } = ctx;
  const control = ctx.headers.get(UPLOAD_HEADER) ?? '';
  let turn: Turn | undefined;
  const read = (chunk: Uint8Array): Buffer => {
    turn?.progress();
    return asBuffer(chunk);
  };
  try {
    turn = await outlet.bodyTurns.enter(signal);
    const terms = { control, credit: CHUNK_CREDIT, itemSize: chunkSize(outlet), heartbeat: heartbeatOf(ctx) };
    const chunks = uploadedItems<Uint8Array>(ctx, terms, read, outlet);
    return await join(chunks, size, (what) => errorNamed('bodyIncomplete', { what }));
  } catch (error) {
    // What ended the request meanwhile has said why.
    signal.throwIfAborted();
    throw error;
  } finally {
    turn?.end();
  }
}

/** Bytes of a chunk, as callers chunksOf them. */
function chunkSize({ maxPayload }: ReplyOutlet): number {
  return Math.min(MAX_CHUNK, Math.ceil(maxPayload / 2));
}
