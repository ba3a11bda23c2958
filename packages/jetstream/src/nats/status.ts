import { hasHeaders, headerText, type Message } from '@natsmith/protocol';

/** What the server says instead of a message. */
export interface Status {
  /** 100 heartbeat, 404 nothing there, 408 the pull has run out, 409 the pull or the consumer has ended, 503 nobody there. */
  readonly code: number;
  readonly description: string;
}

const FIRST_LINE = /^NATS\/1\.0[ \t]+(\d{3})(?!\d)[ \t]*([^\r\n]*)/;

/**
 * The status that a message is; undefined for one with a body, or of a stream. The library's own reader is not asked: it
 * throws on headers that a publisher may have stored.
 */
export function statusOf(message: Message): Status | undefined {
  if (message.data.length > 0 || !hasHeaders(message)) return undefined;
  // A message of a stream has a reply subject, and whatever first line its publisher wrote.
  if (message.reply !== undefined && message.reply !== '') return undefined;
  const [, code, description = ''] = FIRST_LINE.exec(headerText(message)) ?? [];
  return code === undefined ? undefined : { code: Number(code), description };
}
