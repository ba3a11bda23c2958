import { LinkedList, type Linked } from './linked-list';

class Item implements Linked<Item> {
  before: Item | undefined;
  after: Item | undefined;
  isListed = false;

  constructor(readonly name: string) {}
}

describe('a linked list of a, b and c', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new Item(name)) as [Item, Item, Item];
  let list: LinkedList<Item>;
  const names = () => [...list].map(({ name }) => name).join('');

  beforeEach(() => {
    list = new LinkedList();
    for (const item of [a, b, c]) {
      item.isListed = false;
      item.before = item.after = undefined;
      list.add(item);
    }
  });

  it('has them in the order in which they came', () => {
    expect([names(), list.size, list.first]).toEqual(['abc', 3, a]);
  });

  it.each([
    [[a], 'bc'],
    [[b], 'ac'],
    [[c], 'ab'],
    [[a, c], 'b'],
    [[c, b, a], ''],
  ])('loses whichever leave', (leaving, left) => {
    expect(leaving.map((item) => list.delete(item))).toEqual(leaving.map(() => true));
    expect([names(), list.size, list.first?.name]).toEqual([left, left.length, left[0]]);
  });

  it('takes nothing twice, and knows what it does not have', () => {
    list.add(b);
    list.delete(a);
    expect([names(), list.delete(a), list.size]).toEqual(['bc', false, 2]);
  });

  it('takes what has left at the end again', () => {
    list.delete(a);
    list.add(a);
    expect(names()).toBe('bca');
  });

  it('can be walked through by who takes each out of it', () => {
    for (const item of list) list.delete(item);
    expect([names(), list.size]).toEqual(['', 0]);
  });
});
