import { LogLimit } from './log-limit';

describe('the limit of log lines', () => {
  let now = 1_000;
  beforeEach(() => jest.spyOn(performance, 'now').mockImplementation(() => now));
  afterEach(() => jest.restoreAllMocks());

  it('allows so many lines in ten seconds, and the next one stands for all that had none', () => {
    const limit = new LogLimit(2);
    expect([limit.add(), limit.add(), limit.add(), limit.add()]).toEqual([1, 1, 0, 0]);
    now += 9_999;
    expect(limit.add()).toBe(0);
    now += 1;
    expect([limit.add(), limit.add(), limit.add()]).toEqual([4, 1, 0]);
  });
});
