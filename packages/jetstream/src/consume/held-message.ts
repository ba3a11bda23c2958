import { LinkedList, type Linked } from '@natsmith/core';
import type { Message } from '@natsmith/protocol';
import type { Delivery } from '../nats/delivery';

/** A message that this process has, from its delivery until its acknowledgement. */
export class HeldMessage implements Linked<HeldMessage> {
  before: HeldMessage | undefined;
  after: HeldMessage | undefined;
  isListed = false;
  /** What handles it; undefined while it waits for others before that. */
  run: { withdraw(): boolean } | undefined;
  /** It is settled, and not this process's any more. */
  isOver = false;
  /** Its stream is gone, and another has a message in its place: nothing is said of it any more. */
  isGone = false;

  constructor(
    readonly message: Message,
    readonly delivery: Delivery,
    /** The round of keeping alive in which the server last heard of it. */
    public touchedIn: number,
  ) {}
}

/** The messages that this process has of one consumer. */
export class HeldMessages extends LinkedList<HeldMessage> {
  private highest = 0;

  override add(held: HeldMessage): void {
    this.highest = Math.max(this.highest, held.delivery.sequence);
    super.add(held);
  }

  /** The one of this sequence, where it was delivered before and is still here. */
  find(sequence: number): HeldMessage | undefined {
    // Nearly all messages are new: they come in the order of the stream.
    if (sequence > this.highest || this.size === 0) return undefined;
    for (const held of this) if (held.delivery.sequence === sequence) return held;
    return undefined;
  }

  /** The stream was deleted and made again: what is from before is nobody's, and the sequences are those of others. */
  forgetUntil(time: number): void {
    for (const held of this) {
      if (held.delivery.time > time) continue;
      held.isGone = true;
      this.delete(held);
    }
  }
}

/** Why a message is buried. */
export interface Failure {
  readonly code: number;
  readonly description: string;
  readonly data?: unknown;
}
