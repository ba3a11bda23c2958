import { SEQUENCE_HEADER } from '@natsmith/protocol';
import type { Context } from './context';
import type { EndpointRuntime } from './endpoint-runtime';
import { HeadersToSend } from './headers';

// Items that may be under way before the server has confirmed them; bounds what the connection buffers.
const WINDOW = 256;

/** Sends each item as one reply message, in order; the request's own reply, sent afterwards, ends the stream. */
export async function sendStream(
  items: AsyncIterable<unknown>,
  request: Context,
  { codec, outlet }: EndpointRuntime,
): Promise<void> {
  let sequence = 0;
  for await (const item of items) {
    request.signal.throwIfAborted();
    const { reply } = request.message;
    if (!reply) continue;
    const headers = new HeadersToSend();
    headers.set(SEQUENCE_HEADER, String(++sequence));
    outlet.publish(reply, item instanceof Uint8Array ? item : codec.encode(item), headers);
    if (sequence % WINDOW === 0) await outlet.flush();
  }
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
