import { CreditBudget } from './credit-budget';

const MiB = 1024 * 1024;

describe('the credit budget of a connection', () => {
  it('is one for a connection, whoever asks', () => {
    const connection = {};
    expect(CreditBudget.of(connection)).toBe(CreditBudget.of(connection));
    expect(CreditBudget.of(connection)).not.toBe(CreditBudget.of({}));
  });

  it('gives a first credit of 16 to one stream, and less the more there are whose items nobody has seen', () => {
    const budget = new CreditBudget();
    const first: number[] = [];
    for (let i = 0; i < 20; i++) {
      first.push(budget.firstCredit());
      budget.share();
    }
    expect(first.slice(0, 4)).toEqual([16, 8, 5, 4]);
    expect(first.at(-1)).toBe(1);
  });

  it('bounds what is under way to 32 MiB, and one item of each beyond', () => {
    const budget = new CreditBudget();
    const granted = Array.from({ length: 100 }, () => budget.share().more(16, 0, MiB / 8));
    const bytes = granted.reduce((sum, items) => sum + (items * MiB) / 8, 0);
    expect(bytes).toBeLessThanOrEqual(32 * MiB + (100 * MiB) / 8);
    expect(Math.min(...granted)).toBe(1);
    expect(granted[0]).toBe(16);
  });

  it('gives nothing more to a stream that has something under way, while nothing is left', () => {
    const budget = new CreditBudget();
    for (let i = 0; i < 200; i++) budget.share().more(16, 0, MiB);
    const share = budget.share();
    expect(share.more(16, 0, MiB)).toBe(1);
    expect(share.more(16, 1, MiB)).toBe(0);
  });

  it('has back what arrived, and all of a stream that has ended', () => {
    const budget = new CreditBudget();
    const share = budget.share();
    share.more(8, 0, MiB);
    expect(budget.left).toBe(24 * MiB);
    share.arrived(MiB, 7);
    expect(budget.left).toBe(25 * MiB);
    share.close();
    expect(budget.left).toBe(32 * MiB);
    expect(budget.firstCredit()).toBe(16);
  });

  it('has all back when nothing is under way any more, also where items were smaller than expected', () => {
    const budget = new CreditBudget();
    const share = budget.share();
    share.more(2, 0, MiB);
    share.arrived(1, 1);
    share.arrived(1, 0);
    expect(budget.left).toBe(32 * MiB);
  });
});
