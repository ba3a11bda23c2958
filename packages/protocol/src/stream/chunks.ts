import { Buffer } from '../platform/node';
import { MAX_CHUNK, SIZE_HEADER } from './headers';

/** The parts of a body, none of which is a large message to the server. @param maxPayload the server's, in bytes */
export async function* chunksOf(body: Uint8Array, maxPayload: number): AsyncGenerator<Uint8Array, void, undefined> {
  const size = Math.max(1, Math.min(MAX_CHUNK, Math.floor(maxPayload / 2)));
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}

/**
 * Puts a body together. Room is made for what has come, so that neither a size that is only said nor many small chunks
 * can fill the memory.
 * @param problem makes the error for chunks that are more or less than the size
 */
export async function join(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
  problem: (what: string) => Error,
): Promise<Uint8Array> {
  let body = Buffer.alloc(0);
  let length = 0;
  for await (const chunk of chunks) {
    const end = length + chunk.length;
    if (end > size) throw problem(`more than the ${size} bytes of its ${SIZE_HEADER}`);
    if (end > body.length) {
      const larger = Buffer.allocUnsafe(Math.min(size, Math.max(end, 2 * body.length)));
      larger.set(body.subarray(0, length));
      body = larger;
    }
    body.set(chunk, length);
    length = end;
  }
  if (length < size) throw problem(`${length} of the ${size} bytes of its ${SIZE_HEADER}`);
  return body;
}
