import { ReceivedHeaders, textOf, type Connection } from '@natsmith/protocol';
import { isNothing } from '../provision/management-error';
import { askApi } from './api';

/** A message as a stream has it: anybody may have written it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly headers: ReceivedHeaders;
  readonly body: Uint8Array;
  /** When it was stored; `Invalid Date` where the server does not say. */
  readonly time: Date;
}

/** Which message: by its sequence, the next one on a subject from there, or the last one on a subject. */
export type StoredQuery = { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string };

/**
 * Reads a message of a stream; undefined where there is none. The library's own call has a reader of headers that throws
 * on those that a publisher may have stored.
 * @throws what asking the server fails with
 */
export async function storedMessage(
  connection: Connection,
  stream: string,
  query: StoredQuery,
): Promise<StoredMessage | undefined> {
  let reply: unknown;
  try {
    reply = await askApi(connection, `STREAM.MSG.GET.${stream}`, query);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
  const { subject, seq, hdrs, data, time } = ((reply as { message?: unknown } | null)?.message ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof subject !== 'string' || !Number.isSafeInteger(seq))
    throw new Error(`the reply for a message of stream "${stream}" is not one of a JetStream server`);
  return {
    subject,
    sequence: seq as number,
    headers: new ReceivedHeaders(textOf(bytesOf(hdrs))),
    body: bytesOf(data),
    time: new Date(typeof time === 'string' ? time : NaN),
  };
}

function bytesOf(base64: unknown): Uint8Array {
  return Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
}
