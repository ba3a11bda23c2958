import { Limiter, type Limited } from './limiter';

class Guest implements Limited<Guest> {
  turn: Limited<Guest>['turn'];

  constructor(readonly name: string) {}
}

describe('a limiter of 2 places and 2 that wait', () => {
  let limiter: Limiter<Guest>;
  let guests: Map<string, Guest>;
  beforeEach(() => {
    limiter = new Limiter(2, 2);
    guests = new Map();
  });
  const guest = (name: string): Guest => guests.get(name) ?? new Guest(name);
  const enter = (...names: string[]) =>
    names.map((name) => {
      guests.set(name, new Guest(name));
      return limiter.enter(guest(name));
    });
  const leave = (times: number) => Array.from({ length: times }, () => limiter.leave()?.name);

  it('lets in, lets wait, then refuses', () => {
    expect(enter('a', 'b', 'c', 'd', 'e')).toEqual(['entered', 'entered', 'waits', 'waits', 'refused']);
  });

  it('admits the one that has waited longest', () => {
    enter('a', 'b', 'c', 'd');
    expect(leave(4)).toEqual(['c', 'd', undefined, undefined]);
    expect(enter('e', 'f', 'g')).toEqual(['entered', 'entered', 'waits']);
  });

  it('has room in the queue again when one gives up, and skips it', () => {
    enter('a', 'b', 'c', 'd');
    expect(limiter.giveUp(guest('c'))).toBe(true);
    expect(enter('e', 'f')).toEqual(['waits', 'refused']);
    expect(leave(2)).toEqual(['d', 'e']);
  });

  it('ignores one that gives up and did not wait', () => {
    enter('a', 'b', 'c');
    expect([limiter.giveUp(guest('a')), limiter.giveUp(guest('nobody'))]).toEqual([false, false]);
    expect(leave(1)).toEqual(['c']);
  });
});

it('a place that is handed on is never free in between', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new Guest(name)) as [Guest, Guest, Guest];
  const limiter = new Limiter<Guest>(1, 10);
  limiter.enter(a);
  limiter.enter(b);
  expect(limiter.leave()).toBe(b);
  expect(limiter.enter(c)).toBe('waits');
});

it('with maxPending 0 nobody waits', () => {
  const limiter = new Limiter<Guest>(1, 0);
  expect([limiter.enter(new Guest('a')), limiter.enter(new Guest('b'))]).toEqual(['entered', 'refused']);
});
