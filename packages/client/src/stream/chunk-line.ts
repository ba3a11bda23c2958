import { CHUNK_CREDIT, CHUNKS_HEADER } from '@natsmith/protocol';

/** In a request for INFO: the client wants to know who takes chunks. */
export const TAKES_CHUNKS = [CHUNKS_HEADER, String(CHUNK_CREDIT)] as const;

/** Says that a body may come back in chunks, by how many may come at once; the fewer, the more calls wait. */
const CHUNK_LINES = Array.from({ length: CHUNK_CREDIT + 1 }, (_, credit) => [CHUNKS_HEADER, String(credit)] as const);

/** What a request says of chunks. @param credit from 0 to 16 */
export function chunkLine(credit: number): readonly [string, string] {
  return CHUNK_LINES[credit] ?? TAKES_CHUNKS;
}
