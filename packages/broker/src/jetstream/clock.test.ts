import { Clock } from './clock';

const nothing = async (): Promise<void> => undefined;

describe('a clock', () => {
  let clock: Clock;
  const rung: string[] = [];

  beforeEach(() => {
    clock = new Clock((error) => rung.push(String(error)));
    rung.length = 0;
  });
  afterEach(() => clock.stop());

  const ring = (name: string, inMs: number): ReturnType<Clock['at']> =>
    clock.at(clock.now() + inMs, () => rung.push(name));

  test('rings by itself when it is time', async () => {
    const late = new Promise<void>((resolve) => clock.at(clock.now() + 20, resolve));
    ring('at once', -5);
    await late;
    expect(rung).toEqual(['at once']);
  });

  test('rings what is due on the way, in order, each at its own time', async () => {
    const start = clock.now();
    ring('third', 5_000);
    ring('first', 1_000);
    clock.at(start + 2_000, () => {
      rung.push(`second at ${Math.round(clock.now() - start)}`);
      ring('added', 1_000);
    });
    ring('later', 60_000);
    await clock.advance(10_000, nothing);
    expect(rung).toEqual(['first', 'second at 2000', 'added', 'third']);
    expect(clock.now() - start).toBeGreaterThanOrEqual(10_000);
  });

  test('waits for what follows from a ring before it rings again', async () => {
    ring('one', 10);
    ring('two', 20);
    await clock.advance(30, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      rung.push('settled');
    });
    expect(rung).toEqual(['one', 'settled', 'two', 'settled']);
  });

  test('does not ring what was cancelled', async () => {
    ring('kept', 10);
    ring('cancelled', 10).cancel();
    await clock.advance(20, nothing);
    expect(rung).toEqual(['kept']);
  });

  test('is moved by one after another', async () => {
    ring('one', 10);
    ring('two', 110);
    await Promise.all([clock.advance(100, nothing), clock.advance(100, nothing)]);
    expect(rung).toEqual(['one', 'two']);
  });

  test('rings on where something throws, or has no time', async () => {
    clock.at(NaN, () => rung.push('never'));
    clock.at(clock.now() + 5, () => {
      throw new Error('broken');
    });
    ring('after it', 10);
    await clock.advance(20, nothing);
    expect(rung).toEqual(['Error: broken', 'after it']);
  });

  test('rings nothing once it is stopped', async () => {
    ring('never', 0);
    clock.stop();
    ring('never', 0);
    await clock.advance(100, nothing);
    expect(rung).toEqual([]);
  });
});
