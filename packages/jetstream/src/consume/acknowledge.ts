import type { Outlet } from '@natsmith/core';
import { textOf } from '@natsmith/protocol';
import { nanosecondsOf } from '../nats/duration';
import { statusOf } from '../nats/status';
import type { HeldMessage } from './held-message';

const ACK = '+ACK';
const IN_PROGRESS = '+WPI';
const NAK = '-NAK';
/** Milliseconds, a hundred years: the server counts nanoseconds in 63 bits. */
const MAX_DELAY = 100 * 365 * 86_400_000;
/** Bytes of a reason: it goes into an advisory, not into an archive. */
const MAX_REASON = 256;
const CONFIRM_TIMEOUT = 2_000;
const CONFIRM_ATTEMPTS = 3;

/**
 * Reports to the server how messages ended. All that is reported in one turn of the event loop goes out together; on a
 * connection that is away it waits there, or is lost with it: then the server delivers the message again.
 */
export class Acknowledger {
  constructor(private readonly outlet: Outlet) {}

  acknowledge(held: HeldMessage): void {
    this.send(held, ACK);
  }

  /**
   * Acknowledges, and resolves when the server has confirmed it.
   * @throws Error when it does not, though asked several times
   */
  async confirm({ delivery, isGone }: HeldMessage): Promise<void> {
    if (isGone) return;
    const reply = textOf(delivery.reply);
    for (let i = 0; i < CONFIRM_ATTEMPTS; i++) if (await this.ask(reply, ACK)) return;
    throw new Error(`the server has not confirmed an acknowledgement within ${CONFIRM_ATTEMPTS * CONFIRM_TIMEOUT} ms`);
  }

  /** The message comes again, at once or after a delay in milliseconds. */
  giveBack(held: HeldMessage, delay = 0): void {
    const milliseconds = Math.min(MAX_DELAY, Math.max(0, Math.round(delay)));
    this.send(held, milliseconds === 0 ? NAK : `${NAK} {"delay":${nanosecondsOf(milliseconds)}}`);
  }

  /** The message is over. Servers before 2.11 take the reason for nothing else than the end. */
  terminate(held: HeldMessage, reason: string): void {
    this.send(held, `+TERM ${oneLineOf(reason)}`);
  }

  /** The message is still in work: the server waits once more for as long as before. */
  keepAlive(held: HeldMessage): void {
    this.send(held, IN_PROGRESS);
  }

  /** Gives whether the server has answered. */
  private ask(subject: string, word: string): Promise<boolean> {
    return new Promise((resolve) => {
      const inbox = this.outlet.newInbox();
      const end = (isAnswered: boolean): void => {
        clearTimeout(timer);
        leave();
        resolve(isAnswered);
      };
      const timer = setTimeout(() => end(false), CONFIRM_TIMEOUT).unref();
      const leave = this.outlet.listen(
        inbox,
        (message) => end(statusOf(message) === undefined),
        () => end(false),
      );
      try {
        this.outlet.publish(subject, word, undefined, inbox);
      } catch {
        end(false);
      }
    });
  }

  private send({ delivery, isGone }: HeldMessage, word: string): void {
    if (isGone) return;
    try {
      this.outlet.publishTo(delivery.reply, word);
    } catch {
      // The connection is closed; the server delivers the message to another instance.
    }
  }
}

function oneLineOf(reason: string): string {
  // eslint-disable-next-line no-control-regex
  return reason.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, MAX_REASON);
}
