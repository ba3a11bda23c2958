import { setTimeout as delay } from 'node:timers/promises';
import { BodyTurns, type Turn } from './body-turns';

const AT_ONCE = 16;

describe('the turns of bodies', () => {
  const never = new AbortController().signal;
  let turns: BodyTurns;
  let order: number[];
  let open: Turn[];

  beforeEach(() => {
    turns = new BodyTurns();
    order = [];
    open = [];
  });
  afterEach(async () => {
    while (open.length > 0) {
      open.splice(0).forEach((turn) => turn.end());
      await delay(1);
    }
  });
  const enter = async (number: number, signal = never): Promise<void> => {
    open.push(await turns.enter(signal));
    order.push(number);
  };
  const fill = (): Promise<void[]> => Promise.all(Array.from({ length: AT_ONCE }, (_, i) => enter(i)));

  it('are given to so many at once, then in order as others end', async () => {
    await fill();
    void enter(100);
    void enter(101);
    await delay(1);
    expect(order).toHaveLength(AT_ONCE);

    open[0]?.end();
    open[0]?.end();
    await delay(1);
    expect(order.slice(AT_ONCE)).toEqual([100]);
    open[1]?.end();
    await delay(1);
    expect(order.slice(AT_ONCE)).toEqual([100, 101]);
  });

  it('are not waited for by a request that has ended', async () => {
    await fill();
    const ended = new AbortController();
    const waiting = expect(enter(100, ended.signal)).rejects.toThrow('taken back');
    void enter(101);
    ended.abort(new Error('taken back'));
    await waiting;
    await expect(enter(102, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    open[0]?.end();
    await delay(1);
    expect(order.slice(AT_ONCE)).toEqual([101]);
  });

  it('are lost by bodies of which nothing comes, where others wait', async () => {
    await fill();
    const [moving] = open;
    const beat = setInterval(() => moving?.progress(), 20);
    await Promise.all(Array.from({ length: AT_ONCE - 1 }, (_, i) => enter(100 + i)));
    void enter(200);
    await delay(20);
    expect(order).not.toContain(200);
    clearInterval(beat);
  });
});
