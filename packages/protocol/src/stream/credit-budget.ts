import { inBackground } from '../platform/node';
import { FIRST_CREDIT } from './first-credit';

const MiB = 1024 * 1024;
/** Bytes that may be under way to one connection for all streams and bodies in chunks together. */
const BYTES = 32 * MiB;
/** Milliseconds without an item after which those who wait get more nevertheless, and how many bytes. */
const STALL = 100;
const BEYOND = 8 * MiB;

const budgets = new WeakMap<object, CreditBudget>();

/**
 * What the streams and bodies in chunks of one connection may have under way together: a nats-server cuts off who has
 * more than 64 MiB waiting. Who finds nothing left waits in a line, which is served as items come. Streams whose
 * producers have nothing to send keep what they have, so the line also moves when nothing comes.
 */
export class CreditBudget {
  private reserved = 0;
  /** Bodies that have begun go first: the fewer are unfinished, the less memory they take. */
  private readonly bodies = new Set<CreditShare>();
  private readonly others = new Set<CreditShare>();
  /** Whose turn it is. */
  private turn: CreditShare | undefined;
  private hasMoved = false;
  private timer: NodeJS.Timeout | undefined;

  /** The one of a connection. */
  static of(connection: object): CreditBudget {
    let budget = budgets.get(connection);
    if (budget === undefined) budgets.set(connection, (budget = new CreditBudget()));
    return budget;
  }

  /** The part of one stream. */
  share(kind: 'stream' | 'body' = 'stream'): CreditShare {
    return new CreditShare(this, kind === 'body');
  }

  /** @internal */
  get left(): number {
    return Math.max(0, BYTES - this.reserved);
  }

  /** @internal */
  get isFree(): boolean {
    return this.reserved === 0;
  }

  /** @internal */
  reserve(bytes: number): void {
    this.reserved += bytes;
  }

  /**
   * How many items a share may have; half of what is left, so that those who come later find something.
   * @internal
   */
  offer(share: CreditShare, size: number): number {
    const others = this.bodies.size + this.others.size - (this.has(share) ? 1 : 0);
    if (this.turn === share) return others > 0 ? 1 : Math.max(1, this.half(size));
    if (others > 0) return 0;
    return this.half(size) || (this.isFree || this.left >= size ? 1 : 0);
  }

  /** @internal */
  wait(share: CreditShare): void {
    (share.isBegunBody ? this.bodies : this.others).add(share);
    if (this.timer !== undefined) return;
    this.hasMoved = true;
    this.timer = inBackground(setInterval(() => this.move(), STALL));
  }

  /** @internal */
  leave(share: CreditShare): void {
    if (!this.bodies.delete(share) && !this.others.delete(share)) return;
    if (this.bodies.size + this.others.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Something has come, or nothing more does. @internal */
  serve(): void {
    if (this.timer === undefined || this.turn !== undefined) return;
    this.hasMoved = true;
    for (let next = this.next(); next !== undefined && this.hasRoomFor(next); next = this.next()) this.call(next);
  }

  private move(): void {
    if (this.hasMoved) {
      this.hasMoved = false;
      return;
    }
    let bytes = 0;
    for (let next = this.next(); next !== undefined && bytes < BEYOND; next = this.next()) {
      bytes += next.itemSize;
      this.call(next);
    }
  }

  private call(share: CreditShare): void {
    this.turn = share;
    try {
      share.onTurn();
    } finally {
      this.turn = undefined;
      this.leave(share);
    }
  }

  private next(): CreditShare | undefined {
    for (const line of [this.bodies, this.others]) for (const share of line) return share;
    return undefined;
  }

  private has(share: CreditShare): boolean {
    return this.bodies.has(share) || this.others.has(share);
  }

  private hasRoomFor({ itemSize }: CreditShare): boolean {
    return this.isFree || this.left >= itemSize;
  }

  private half(size: number): number {
    return Math.floor(this.left / 2 / size);
  }
}

/** What one stream has under way of its connection's budget. */
export class CreditShare {
  /** Called when the stream has waited and may ask for more. */
  onTurn: () => void = () => undefined;
  /** Bytes of an item, as far as is known. */
  itemSize = 0;
  private reserved = 0;
  private hasBegun = false;

  constructor(
    private readonly budget: CreditBudget,
    readonly isBody: boolean,
  ) {}

  get isBegunBody(): boolean {
    return this.isBody && this.hasBegun;
  }

  /**
   * Credit to begin with, none where too much is under way. One stream alone gets enough for most; of several, each
   * little, because nobody knows how large their items are.
   * @param size bytes of the largest item that may come
   */
  first(size: number, most = Infinity): number {
    const { isFree, left } = this.budget;
    const part = isFree ? left / 2 : left / 8;
    const fitting = Math.floor(part / size) || (isFree ? 1 : 0);
    const given = Math.min(FIRST_CREDIT, most, Math.max(fitting, this.budget.offer(this, size) > 0 ? 1 : 0));
    this.hold(given * size);
    return given;
  }

  /**
   * How many more items may be granted, of those that are wanted. Who gets none and has none under way waits for its
   * turn.
   * @param size bytes of an item
   */
  more(wanted: number, underWay: number, size: number): number {
    this.itemSize = size;
    this.hold(underWay * size);
    const given = Math.min(wanted, this.budget.offer(this, size));
    this.hold((underWay + given) * size);
    if (given === 0 && underWay === 0) this.budget.wait(this);
    return given;
  }

  /** An item has come. @param underWay how many are still to come @param size bytes of one, as far as is known */
  arrived(bytes: number, underWay: number, size: number): void {
    this.hasBegun = true;
    if (this.reserved > 0) this.hold(Math.min(underWay * size, Math.max(0, this.reserved - bytes)));
    this.budget.serve();
  }

  /** Nothing comes any more. */
  close(): void {
    this.hold(0);
    this.budget.leave(this);
    this.budget.serve();
  }

  private hold(bytes: number): void {
    this.budget.reserve(bytes - this.reserved);
    this.reserved = bytes;
  }
}
