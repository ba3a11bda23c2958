import type { Message } from '@natsmith/protocol';

/** What the server says instead of a message. */
export interface Status {
  /** 100 heartbeat, 404 nothing there, 408 the pull has run out, 409 the pull or the consumer has ended, 503 nobody there. */
  readonly code: number;
  readonly description: string;
}

/** The status that a message is; undefined for one with a body, or of a stream. */
export function statusOf({ data, headers }: Message): Status | undefined {
  if (data.length > 0 || headers === undefined) return undefined;
  const { code, description } = headers as { code?: number; description?: string };
  return typeof code === 'number' && code > 0 ? { code, description: description ?? '' } : undefined;
}
