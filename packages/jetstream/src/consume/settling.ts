import type { Acknowledger } from './acknowledge';
import type { ConsumerPlan } from './consumer-plan';
import type { Failure, HeldMessage } from './held-message';

/** What a message of a consumer ends with. */
export interface Settling {
  readonly plan: ConsumerPlan;
  readonly acknowledger: Acknowledger;
  /** Resolves when the dead letter is kept. */
  readonly deadLetters: { write(held: HeldMessage, failure: Failure): Promise<void> };
  /** The message is settled, and not this process's any more. */
  forget(held: HeldMessage): void;
}
