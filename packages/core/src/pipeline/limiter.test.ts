import { Limiter } from './limiter';

describe('a limiter of 2 places and 2 that wait', () => {
  let limiter: Limiter<string>;
  beforeEach(() => {
    limiter = new Limiter(2, 2);
  });
  const enter = (...names: string[]) => names.map((name) => limiter.enter(name));

  it('lets in, lets wait, then refuses', () => {
    expect(enter('a', 'b', 'c', 'd', 'e')).toEqual(['entered', 'entered', 'waits', 'waits', 'refused']);
  });

  it('admits the one that has waited longest', () => {
    enter('a', 'b', 'c', 'd');
    expect([limiter.leave(), limiter.leave(), limiter.leave(), limiter.leave()]).toEqual([
      'c',
      'd',
      undefined,
      undefined,
    ]);
    expect(enter('e', 'f', 'g')).toEqual(['entered', 'entered', 'waits']);
  });

  it('has room in the queue again when one gives up, and skips it', () => {
    enter('a', 'b', 'c', 'd');
    limiter.giveUp('c');
    expect(enter('e', 'f')).toEqual(['waits', 'refused']);
    expect([limiter.leave(), limiter.leave()]).toEqual(['d', 'e']);
  });

  it('ignores one that gives up and did not wait', () => {
    enter('a', 'b', 'c');
    limiter.giveUp('a');
    limiter.giveUp('nobody');
    expect(limiter.leave()).toBe('c');
  });
});

it('a place that is handed on is never free in between', () => {
  const limiter = new Limiter<string>(1, 10);
  limiter.enter('a');
  limiter.enter('b');
  expect(limiter.leave()).toBe('b');
  expect(limiter.enter('c')).toBe('waits');
});

it('with maxPending 0 nobody waits', () => {
  const limiter = new Limiter<string>(1, 0);
  expect([limiter.enter('a'), limiter.enter('b')]).toEqual(['entered', 'refused']);
});
