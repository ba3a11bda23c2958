import { Turns } from './turns';

describe('turns', () => {
  /** Work that ends when it is told to, and gives how often it was begun. */
  const begin = () => {
    const ends: ((error?: Error) => void)[] = [];
    const turns = new Turns(
      () =>
        new Promise<number>((resolve, reject) => {
          const turn = ends.push((error) => (error === undefined ? resolve(turn) : reject(error)));
        }),
    );
    return { turns, ends };
  };

  it('answer those who ask meanwhile with the next one together', async () => {
    const { turns, ends } = begin();
    const first = turns.take();
    const others = [turns.take(), turns.take(), turns.take()];
    expect(ends).toHaveLength(1);
    ends[0]?.();
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    ends[1]?.();
    expect(await Promise.all(others)).toEqual([2, 2, 2]);
    expect(ends).toHaveLength(2);
  });

  it('go on after one that fails', async () => {
    const { turns, ends } = begin();
    const first = turns.take();
    const second = turns.take();
    ends[0]?.(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await new Promise(setImmediate);
    ends[1]?.();
    expect(await second).toBe(2);
    const third = turns.take();
    ends[2]?.();
    expect(await third).toBe(3);
  });
});
