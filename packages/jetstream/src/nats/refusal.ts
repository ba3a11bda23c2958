import { printable } from '@natsmith/protocol';

/** What the JetStream API says when it refuses something. */
export interface Refusal {
  /** The server's own number for this refusal, such as 10071; the status, as of HTTP, where there is none. */
  readonly code: number;
  /** One line. */
  readonly description: string;
}

/** Reads the `error` of a reply; undefined for what is not a refusal of the server's: anybody can answer a request. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code: status, err_code: code = status, description } = error as Record<string, unknown>;
  if (!Number.isSafeInteger(code) || typeof description !== 'string') return undefined;
  return { code: code as number, description: printable(description, 1_024) };
}

/** Whether a request has failed because nobody listens on its subject, on a connection of either library. */
export function hasNoResponders(error: unknown): boolean {
  const { code, name, cause } = (error ?? {}) as { code?: unknown; name?: unknown; cause?: { name?: unknown } };
  return code === '503' || name === 'NoRespondersError' || cause?.name === 'NoRespondersError';
}
