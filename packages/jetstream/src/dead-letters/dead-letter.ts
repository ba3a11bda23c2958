import { printable, type ReceivedHeaders } from '@natsmith/protocol';
import { DEAD_LETTER_HEADERS, isOfLetter, ORIGINAL_PREFIX } from '../contract/dead-letter';
import type { StoredMessage } from '../nats/stored-message';

/** A message that a consumer has given up, as the stream of dead letters has it. */
export interface DeadLetter {
  /** Its sequence in the stream of dead letters: what `show`, `replay` and `remove` take. */
  readonly id: number;
  /** Where the message came from. */
  readonly stream: string;
  readonly sequence: number;
  /** The durable that has buried it. */
  readonly consumer: string;
  readonly subject: string;
  /** How often it was delivered. */
  readonly attempts: number;
  /** As of an error reply: 400 for what is not valid, 500 for what was thrown. */
  readonly code: number;
  readonly description: string;
  /** What the error said besides, as it was sent: JSON. */
  readonly data: string | undefined;
  /** When it was buried. */
  readonly time: Date;
  /** The message's own headers; those that NATS acts on, too. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
  /** Bytes of a body that was too large for a letter, and is not in it. */
  readonly bodyLost: number | undefined;
}

/** What a stored message says; whatever it holds, nothing is thrown. Undefined for what is not a dead letter. */
export function deadLetterIn({ sequence: id, headers, body, time }: StoredMessage): DeadLetter | undefined {
  const has = (name: string): string | undefined => {
    const value = headers.get(name);
    return value === undefined ? undefined : printable(value, 8_192);
  };
  const stream = has(DEAD_LETTER_HEADERS.stream);
  const consumer = has(DEAD_LETTER_HEADERS.consumer);
  const subject = has(DEAD_LETTER_HEADERS.subject);
  if (stream === undefined || consumer === undefined || subject === undefined) return undefined;
  const buried = new Date(has(DEAD_LETTER_HEADERS.time) ?? '');
  const lost = has(DEAD_LETTER_HEADERS.bodyLost);
  return {
    id,
    stream,
    sequence: numberOf(has(DEAD_LETTER_HEADERS.sequence)),
    consumer,
    subject,
    attempts: numberOf(has(DEAD_LETTER_HEADERS.attempts)),
    code: numberOf(has(DEAD_LETTER_HEADERS.code)),
    description: has(DEAD_LETTER_HEADERS.description) ?? '',
    data: has(DEAD_LETTER_HEADERS.data),
    time: Number.isNaN(buried.getTime()) ? time : buried,
    headers: originalHeaders(headers),
    body,
    bodyLost: lost === undefined ? undefined : numberOf(lost),
  };
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : 0;
}

function originalHeaders(received: ReceivedHeaders): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const name of received.keys()) {
    const isOriginal = name.startsWith(ORIGINAL_PREFIX);
    if (isOfLetter(name) && !isOriginal) continue;
    headers[isOriginal ? name.slice(ORIGINAL_PREFIX.length) : name] = received.getAll(name);
  }
  return headers;
}
