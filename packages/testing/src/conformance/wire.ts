import type { RawReply as AnyReply, ServiceClient } from '@natsmith/client';
import { parseReply } from '@natsmith/protocol';

/** A reply as it came. */
export interface RawReply extends AnyReply {
  /** The body as JSON object; undefined when it is none. */
  readonly json: Fields | undefined;
}

/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** How a question is asked. */
export interface Question {
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Milliseconds to wait in all. */
  readonly timeout: number;
  /** Whether the replies are all that is waited for. */
  readonly enough?: (replies: readonly RawReply[]) => boolean;
  /** Milliseconds to wait for one too many, after there are enough. */
  readonly linger?: number;
}

/** Asks on a subject, and resolves to all replies; nobody listening is none, at once. */
export async function ask(client: ServiceClient, subject: string, question: Question): Promise<RawReply[]> {
  const { body, headers, timeout, enough = () => false, linger = 0 } = question;
  const gathered = client.requestMany(subject, body, { timeout, stall: timeout, ...(headers && { headers }) });
  const replies: RawReply[] = [];
  let timer: NodeJS.Timeout | undefined;
  for await (const reply of gathered) {
    replies.push({ ...reply, json: objectIn(reply.data) });
    if (!enough(replies)) continue;
    if (linger === 0) break;
    timer ??= setTimeout(() => gathered.stop(), linger);
  }
  clearTimeout(timer);
  return replies;
}

/** The first reply, or undefined. */
export async function askOne(
  client: ServiceClient,
  subject: string,
  question: Question,
): Promise<RawReply | undefined> {
  return (await ask(client, subject, { ...question, enough: () => true }))[0];
}

function objectIn(data: Uint8Array): Fields | undefined {
  try {
    return parseReply(data, 'a service');
  } catch {
    return undefined;
  }
}
