import type { Message } from '@natsmith/protocol';
import type { Delivery } from '../nats/delivery';

/** A message that this process has, from its delivery until its acknowledgement. */
export interface HeldMessage {
  readonly message: Message;
  /** Where it is acknowledged. */
  readonly reply: string;
  readonly delivery: Delivery;
  /** The round of keeping alive in which the server last heard of it. */
  touchedIn: number;
  /** What handles it; undefined while it waits for others before that. */
  run: { withdraw(): boolean } | undefined;
  /** It is settled, and not this process's any more. */
  isOver: boolean;
}

/** Why a message is buried. */
export interface Failure {
  readonly code: number;
  readonly description: string;
  readonly data?: unknown;
}
