import { FIRST_CREDIT } from './window';

/** Bytes that may be under way to one connection for all streams and bodies in chunks together. */
const BYTES = 32 * 1024 * 1024;

const budgets = new WeakMap<object, CreditBudget>();

/**
 * What the streams and bodies in chunks of one connection may have under way together: a nats-server cuts off who has
 * more than 64 MiB waiting. Each may always have one item under way, so that none stands still for the others.
 */
export class CreditBudget {
  private reserved = 0;
  /** Streams that have credit, and whose items' size nobody knows yet. */
  private opening = 0;

  /** The one of a connection, whoever asks. */
  static of(connection: object): CreditBudget {
    let budget = budgets.get(connection);
    if (budget === undefined) budgets.set(connection, (budget = new CreditBudget()));
    return budget;
  }

  /** Credit for items whose size is unknown; the less, the more there are of those. */
  firstCredit(others = this.opening): number {
    return Math.max(1, Math.floor(FIRST_CREDIT / (1 + others)));
  }

  /** The part of one stream. */
  share(): CreditShare {
    return new CreditShare(this);
  }

  /** @internal */
  get left(): number {
    return Math.max(0, BYTES - this.reserved);
  }

  /** @internal */
  reserve(bytes: number): void {
    this.reserved += bytes;
  }

  /** @internal */
  open(count: 1 | -1): void {
    this.opening += count;
  }
}

/** What one stream has under way of its connection's budget. */
export class CreditShare {
  private reserved = 0;
  private isOpening = true;

  constructor(private readonly budget: CreditBudget) {
    budget.open(1);
  }

  /**
   * How many more items may be granted, of those that are wanted. Half of what is left, so that those who come later
   * find something.
   * @param size bytes of an item
   */
  more(wanted: number, underWay: number, size: number): number {
    this.hold(underWay * size);
    const given = Math.max(Math.min(wanted, Math.floor(this.budget.left / 2 / size)), underWay > 0 ? 0 : 1);
    this.hold((underWay + given) * size);
    return given;
  }

  /** An item has come. @param underWay how many are still to come */
  arrived(bytes: number, underWay: number): void {
    if (this.isOpening) this.settle();
    if (this.reserved > 0) this.hold(underWay === 0 ? 0 : Math.max(0, this.reserved - bytes));
  }

  /** Nothing comes any more. */
  close(): void {
    this.settle();
    this.hold(0);
  }

  private settle(): void {
    if (!this.isOpening) return;
    this.isOpening = false;
    this.budget.open(-1);
  }

  private hold(bytes: number): void {
    this.budget.reserve(bytes - this.reserved);
    this.reserved = bytes;
  }
}
