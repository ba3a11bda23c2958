import { RunningTotals, type Counts } from './running-totals';

const counts = (requests: number, errors = 0, nanoseconds = requests * 10): Counts => ({
  requests,
  errors,
  nanoseconds,
});

describe('running totals', () => {
  it('are what the service says, as long as it counts on', () => {
    const totals = new RunningTotals();
    for (const requests of [0, 3, 3, 7]) expect(totals.update('a', 't', counts(requests))).toEqual(counts(requests));
  });

  it('go on after a reset that is seen by its time, whether the numbers are lower or higher', () => {
    const totals = new RunningTotals();
    totals.update('a', 't1', counts(5, 2));
    expect(totals.update('a', 't2', counts(1))).toEqual(counts(6, 2, 60));
    expect(totals.update('a', 't2', counts(4, 1))).toEqual(counts(9, 3, 90));
    expect(totals.update('a', 't3', counts(100))).toEqual(counts(109, 3, 1090));
  });

  it('go on after a reset that is seen by one lower number alone', () => {
    const totals = new RunningTotals();
    totals.update('a', 't', counts(5, 2, 50));
    expect(totals.update('a', 't', { requests: 5, errors: 0, nanoseconds: 90 })).toEqual(counts(10, 2, 140));
  });

  it('are each for itself', () => {
    const totals = new RunningTotals();
    totals.update('a', 't1', counts(5));
    expect(totals.update('b', 't2', counts(1))).toEqual(counts(1));
  });

  it('forget those that have not been seen for longest, when there are very many', () => {
    const totals = new RunningTotals();
    totals.update('stays', 't1', counts(5));
    totals.update('goes', 't1', counts(5));
    for (let i = 0; i < 30_000; i++) {
      totals.update(`once ${i}`, 't', counts(1));
      if (i % 1000 === 0) totals.update('stays', 't1', counts(5));
    }
    expect(totals.update('stays', 't2', counts(1)).requests).toBe(6);
    expect(totals.update('goes', 't2', counts(1)).requests).toBe(1);
  });
});
