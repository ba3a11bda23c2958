import type { HandlerMeasures } from './measures';

/**
 * Nanoseconds, as ADR-32 has its times, that 50, 95 and 99 % of the messages took at most: upper bounds of the histogram.
 * null where they took longer than the last of them.
 */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Of what has been counted; undefined where that is nothing. */
export function percentilesOf({ bounds, counts }: HandlerMeasures['durations']): Percentiles | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const boundOf = (share: number): number | null => {
    let left = all * share;
    const bucket = counts.findIndex((count) => (left -= count) <= 0);
    const bound = bounds[bucket];
    return bound === undefined ? null : Math.round(bound * 1e9);
  };
  return { p50: boundOf(0.5), p95: boundOf(0.95), p99: boundOf(0.99) };
}
