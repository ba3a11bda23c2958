import type { TestServer } from '@natsmith/testing';

/** How much of it, and where progress is told. */
export interface Extent {
  readonly minutes: number;
  readonly requests?: number | undefined;
  /** Of what is random. */
  readonly seed: number;
  readonly tell: (line: string) => void;
}

/** What a program found out, and which of its aims it missed, one sentence for each. */
export interface Verdict {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly misses: readonly string[];
}

/** Puts a service through something for a long time, on a server that is its own. */
export type Program = (server: TestServer, extent: Extent) => Promise<Verdict>;
