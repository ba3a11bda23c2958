import type { HeaderLines } from '@natsmith/protocol';

/** What bounds a request, and goes with it. */
export interface RequestSettings {
  /** Milliseconds; Infinity for none. */
  readonly timeout: number;
  /** As `performance.now()`. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly headers: HeaderLines;
  /** What to do where the message is too large. */
  readonly advice: string;
}
