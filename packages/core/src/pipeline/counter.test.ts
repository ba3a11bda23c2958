import { Counter } from './counter';

describe('the histogram of durations', () => {
  const counts = (...milliseconds: number[]): readonly number[] => {
    const counter = new Counter();
    for (const one of milliseconds) counter.record(one);
    return counter.measures.durations.counts;
  };

  it('has each duration in the first bucket whose bound it does not pass', () => {
    // 5, 10, 25, 50, 75, 100, 250, 500, 750 ms, 1, 2.5, 5, 7.5, 10 s, and more
    expect(counts(0, 5)).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(counts(5.001, 10, 10.001)).toEqual([0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(counts(10_000, 10_001, 1e9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
  });

  it('starts again after a reset', () => {
    const counter = new Counter();
    counter.record(1);
    counter.record(20, '500:internal error');
    counter.reset();
    expect(counter.measures).toMatchObject({ errors: {}, durations: { sum: 0 } });
    expect(counter.measures.durations.counts.every((count) => count === 0)).toBe(true);
  });
});

it('no more than 1,000 error codes are counted separately', () => {
  const counter = new Counter();
  for (let code = 0; code < 5000; code++) counter.record(1, `${code}:x`);
  counter.record(1, '7:again');
  const { errors } = counter.measures;
  expect(Object.keys(errors)).toHaveLength(1000);
  expect(errors[7]).toBe(2);
  expect(counter.errors).toBe(5001);
});
