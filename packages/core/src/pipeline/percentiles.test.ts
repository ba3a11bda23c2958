import { percentilesOf } from './percentiles';

const of = (...counts: number[]) => percentilesOf({ bounds: [0.005, 0.01, 1], counts, sum: 1 });

describe('percentiles', () => {
  it('are the bounds of their buckets, in nanoseconds', () => {
    expect(of(50, 45, 5, 0)).toEqual({ p50: 5_000_000, p95: 10_000_000, p99: 1_000_000_000 });
    expect(of(49, 46, 5, 0)).toEqual({ p50: 10_000_000, p95: 10_000_000, p99: 1_000_000_000 });
    expect(of(1, 0, 0, 0)).toEqual({ p50: 5_000_000, p95: 5_000_000, p99: 5_000_000 });
  });

  it('are null above all bounds', () => {
    expect(of(98, 0, 0, 2)).toEqual({ p50: 5_000_000, p95: 5_000_000, p99: null });
    expect(of(0, 0, 0, 1)).toEqual({ p50: null, p95: null, p99: null });
  });

  it('are not there where nothing was counted', () => {
    expect(of(0, 0, 0, 0)).toBeUndefined();
  });
});
