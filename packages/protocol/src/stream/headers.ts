// Headers of streams and of bodies in chunks, and the numbers that both ends keep to.

/** In a request: how many items may come before the caller grants more, 0 for none. Without it items come as fast as they are made. */
export const CREDIT_HEADER = 'Natsmith-Credit';
/** In a request: milliseconds between two heartbeats. In a heartbeat: the number of the last item that was sent. */
export const HEARTBEAT_HEADER = 'Natsmith-Heartbeat';
/** In a request whose payload is a stream: the subject on which the caller is granted credit for its items. */
export const UPLOAD_HEADER = 'Natsmith-Upload';
/** In a message that goes another way than the items: how many messages went theirs before it. */
export const SENT_HEADER = 'Natsmith-Sent';
/** The number of a stream's item, from 1; of its end, one more than that of the last item. */
export const SEQUENCE_HEADER = 'Natsmith-Seq';

/** Milliseconds between two heartbeats where a request does not say. */
export const DEFAULT_HEARTBEAT = 2_000;
/** After so many heartbeats without a word the other end is given up. */
export const MISSED_HEARTBEATS = 3;

/** In a request: how many chunks of a large reply may come before a grant. In an INFO reply: the service takes chunks. */
export const CHUNKS_HEADER = 'Natsmith-Chunks';
/** In the announcement of a body in chunks: its bytes in all. */
export const SIZE_HEADER = 'Natsmith-Size';
/** Chunks that may be under way. */
export const CHUNK_CREDIT = 16;
/** Bytes of a body in chunks, the most that a nats-server can be set to for a message. */
export const MAX_BODY = 64 * 1024 * 1024;
/** Bytes of a chunk, at most. */
export const MAX_CHUNK = 128 * 1024;
