import type { Ttl } from './ttl';

/** Stores a message that passed the checks, and gives its sequence. */
export type Append = (
  subject: string,
  headerSize: number,
  frame: Buffer,
  ttl: Ttl,
  messageId: string,
  rollup?: 'sub' | 'all',
) => number;
