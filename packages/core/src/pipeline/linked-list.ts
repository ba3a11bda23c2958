/** What is in a list carries its links; all three are the list's. */
export interface Linked<Item> {
  before: Item | undefined;
  after: Item | undefined;
  isListed: boolean;
}

/**
 * A queue from which everything can leave at any time. In a Set or a Map of messages that come and go all the time, the
 * tables that it has outgrown keep each other and dead messages alive: that was a quarter of the cost of a message that
 * waits for I/O.
 */
export class LinkedList<Item extends Linked<Item>> implements Iterable<Item> {
  size = 0;
  private last: Item | undefined;
  private head: Item | undefined;

  get first(): Item | undefined {
    return this.head;
  }

  /** Adds it at the end, unless it is in the list. */
  add(item: Item): void {
    if (item.isListed) return;
    item.isListed = true;
    item.before = this.last;
    if (this.last === undefined) this.head = item;
    else this.last.after = item;
    this.last = item;
    this.size++;
  }

  /** Gives whether it was in the list. */
  delete(item: Item): boolean {
    if (!item.isListed) return false;
    const { before, after } = item;
    if (before === undefined) this.head = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    item.before = item.after = undefined;
    item.isListed = false;
    this.size--;
    return true;
  }

  /** Whoever has the item may delete that one, and no other. */
  *[Symbol.iterator](): Iterator<Item> {
    for (let item = this.head; item !== undefined;) {
      const { after } = item;
      yield item;
      item = after;
    }
  }
}
