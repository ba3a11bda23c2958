import type { Message } from '@natsmith/protocol';
import type { HeldMessage } from './held-message';

/** The messages of one value of a token. */
interface Lane {
  /** The sequence of the message that runs or is to come again; nothing passes it. */
  current: number;
  /** In the stream's order. */
  readonly waiting: HeldMessage[];
}

/**
 * Lets one message at a time through for each value of a token, in the stream's order. One that comes again is waited
 * for: it holds up those behind it of the same value, and no others.
 */
export class Lanes {
  private readonly lanes = new Map<string, Lane>();
  /** Messages that wait behind one which is away; they take no room of those that could run. */
  private behind = 0;

  constructor(
    /** The place of the token in the subject. */
    private readonly valueOf: (message: Message) => string,
    private readonly begin: (held: HeldMessage) => void,
  ) {}

  get waitingBehind(): number {
    return this.behind;
  }

  take(held: HeldMessage): void {
    const value = this.valueOf(held.message);
    const { sequence } = held.delivery;
    const lane = this.lanes.get(value);
    if (lane === undefined) {
      this.lanes.set(value, { current: sequence, waiting: [] });
      return this.begin(held);
    }
    // It is back, or it was lost by an earlier holder and comes before what waits.
    if (sequence === lane.current) return this.begin(held);
    const place = lane.waiting.findIndex((other) => other.delivery.sequence > sequence);
    lane.waiting.splice(place === -1 ? lane.waiting.length : place, 0, held);
    this.behind++;
  }

  settled(held: HeldMessage, comesAgain: boolean): void {
    const value = this.valueOf(held.message);
    const lane = this.lanes.get(value);
    if (lane === undefined) return;
    if (lane.current !== held.delivery.sequence) {
      const place = lane.waiting.indexOf(held);
      if (place !== -1) {
        lane.waiting.splice(place, 1);
        this.behind--;
      }
      return;
    }
    if (comesAgain) return;
    const next = lane.waiting.shift();
    if (next === undefined) return void this.lanes.delete(value);
    this.behind--;
    lane.current = next.delivery.sequence;
    this.begin(next);
  }
}
