import {
  headerBlock,
  isNoResponders,
  parseReply,
  randomToken,
  type Connection,
  type HeaderBlock,
  type Message,
} from '@natsmith/protocol';

/** A reply, and when it came. */
export interface RawReply {
  readonly message: Message;
  /** Milliseconds since the request. */
  readonly after: number;
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

const EMPTY = new Uint8Array(0);
/** Replies to one question that are looked at. */
const MAX_REPLIES = 10_000;

/** Asks on a subject, and resolves to all replies; nobody listening is none, at once. */
export function ask(connection: Connection, subject: string, question: Question): Promise<RawReply[]> {
  const { body = EMPTY, headers, timeout, enough = () => false, linger = 0 } = question;
  return new Promise((resolve, reject) => {
    const replies: RawReply[] = [];
    // Both libraries keep their options there.
    const { options } = connection as { options?: { inboxPrefix?: string } };
    const inbox = `${options?.inboxPrefix ?? '_INBOX'}.${randomToken()}`;
    const end = (): void => {
      clearTimeout(timer);
      if (!subscription.isClosed()) subscription.unsubscribe();
      resolve(replies);
    };
    const callback = (error: Error | null, message: Message): void => {
      if (error !== null) return reject(error);
      if (isNoResponders(message)) return end();
      if (replies.length >= MAX_REPLIES) return end();
      replies.push({ message, after: performance.now() - startedAt, json: objectIn(message.data) });
      if (!enough(replies)) return;
      if (linger === 0) return end();
      clearTimeout(timer);
      timer = setTimeout(end, linger);
    };
    const subscription = connection.subscribe(inbox, { callback });
    let timer = setTimeout(end, timeout);
    const startedAt = performance.now();
    connection.publish(subject, body, { reply: inbox, ...optionsFor(headers) });
  });
}

/** The first reply, or undefined. */
export async function askOne(
  connection: Connection,
  subject: string,
  question: Question,
): Promise<RawReply | undefined> {
  return (await ask(connection, subject, { ...question, enough: () => true }))[0];
}

/** What the client library is told of headers. */
export function optionsFor(headers: Question['headers'] = {}): { headers?: HeaderBlock } {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  return lines.length > 0 ? { headers: headerBlock(lines) } : {};
}

function objectIn(data: Uint8Array): Fields | undefined {
  try {
    return parseReply(data, 'a service');
  } catch {
    return undefined;
  }
}
