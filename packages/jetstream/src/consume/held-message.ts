import type { Message } from '@natsmith/protocol';
import type { Delivery } from '../nats/delivery';

/** A message that this process has, from its delivery until its acknowledgement. */
export interface HeldMessage {
  readonly message: Message;
  /** Where it is acknowledged. */
  readonly reply: string;
  readonly delivery: Delivery;
  /** When the server last heard of it, as `performance.now()`. */
  touchedAt: number;
  /** What handles it; undefined while it waits for others before that. */
  run: { withdraw(): boolean } | undefined;
}

/** Why a message is buried. */
export interface Failure {
  readonly code: number;
  readonly description: string;
  readonly data?: unknown;
}
