import { setTimeout as delay } from 'node:timers/promises';
import { CreditBudget, type CreditShare } from './credit-budget';

const MiB = 1024 * 1024;

describe('the credit budget of a connection', () => {
  it('is one for a connection, whoever asks', () => {
    const connection = {};
    expect(CreditBudget.of(connection)).toBe(CreditBudget.of(connection));
    expect(CreditBudget.of(connection)).not.toBe(CreditBudget.of({}));
  });

  it('gives a first credit of 16 to one stream, and little to those beside it, whose items may be as large', () => {
    const budget = new CreditBudget();
    const first = Array.from({ length: 20 }, () => budget.share().first(MiB));
    expect(first).toEqual([16, 2, ...Array<number>(14).fill(1), ...Array<number>(4).fill(0)]);
    expect(budget.left).toBe(0);
  });

  it('gives a first credit of at least one item, however large, where nothing is under way', () => {
    expect(new CreditBudget().share().first(64 * MiB)).toBe(1);
    expect(new CreditBudget().share().first(MiB, 3)).toBe(3);
  });

  it('bounds what is under way to 32 MiB, and nobody gets beyond', () => {
    const budget = new CreditBudget();
    const granted = Array.from({ length: 100 }, () => budget.share().more(16, 0, MiB / 2));
    expect(granted.reduce((sum, items) => sum + items / 2, 0)).toBeLessThanOrEqual(32);
    expect(granted[0]).toBe(16);
    expect(granted.at(-1)).toBe(0);
  });

  it('has back what arrived, and all of a stream that has ended', () => {
    const budget = new CreditBudget();
    const share = budget.share();
    share.more(8, 0, MiB);
    expect(budget.left).toBe(24 * MiB);
    share.arrived(MiB, 7, MiB);
    expect(budget.left).toBe(25 * MiB);
    share.close();
    expect(budget.left).toBe(32 * MiB);
  });

  it('has back at once what was held for large items, where small ones come', () => {
    const budget = new CreditBudget();
    const share = budget.share();
    share.first(MiB);
    share.arrived(100, 15, 100);
    expect(budget.left).toBe(32 * MiB - 1500);
    share.arrived(100, 0, 100);
    expect(budget.left).toBe(32 * MiB);
  });

  describe('where nothing is left', () => {
    interface Full {
      /** Has 16 MiB under way. */
      readonly busy: CreditShare;
      readonly turns: string[];
      /** One more that waits. */
      readonly wait: (name: string, kind?: 'body', hasBegun?: boolean) => CreditShare;
    }
    const full = (): Full => {
      const budget = new CreditBudget();
      const busy = budget.share();
      busy.first(MiB);
      while (budget.left > 0) budget.share().first(MiB);
      const turns: string[] = [];
      const wait: Full['wait'] = (name, kind, hasBegun = false) => {
        const share = budget.share(kind);
        if (hasBegun) share.arrived(1, 0, MiB);
        share.onTurn = () => turns.push(`${name} ${share.more(16, 0, MiB)}`);
        expect(share.more(16, 0, MiB)).toBe(0);
        return share;
      };
      return { busy, turns, wait };
    };

    it('one waits, and is served as soon as something comes', () => {
      const { busy, turns, wait } = full();
      wait('a').close();
      wait('b');
      wait('c');
      busy.arrived(MiB, 10, MiB);
      expect(turns.slice(0, 2)).toEqual(['b 1', 'c 2']);
    });

    it('a body that has begun goes before one that has not', () => {
      const { busy, turns, wait } = full();
      wait('stream');
      wait('new body', 'body');
      wait('begun body', 'body', true);
      busy.close();
      expect(turns.map((turn) => turn.replace(/ \d+$/, ''))).toEqual(['begun body', 'stream', 'new body']);
    });

    it('nothing more is given to one that has something under way', () => {
      const { busy, wait } = full();
      wait('a');
      expect(busy.more(16, 1, MiB / 4)).toBe(0);
    });

    it('one is served after a while although nothing comes: those that hold it all may have nothing to send', async () => {
      const { turns, wait } = full();
      wait('a');
      while (turns.length === 0) await delay(10);
      expect(turns).toEqual(['a 1']);
    });
  });
});
