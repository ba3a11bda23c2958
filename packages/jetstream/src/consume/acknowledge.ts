import type { HandlerSurroundings } from '@natsmith/core';
import type { HeldMessage } from './held-message';

type Outlet = HandlerSurroundings['settings']['outlet'];

const ACK = Buffer.from('+ACK');
const IN_PROGRESS = Buffer.from('+WPI');
const NAK = Buffer.from('-NAK');
const NANOSECONDS = 1_000_000;
/** Bytes of a reason: it goes into an advisory, not into an archive. */
const MAX_REASON = 256;

/**
 * Tells the server what has become of messages. All that is told in one turn of the event loop goes out together; on a
 * connection that is away it waits there, or is lost with it: then the server delivers the message again.
 */
export class Acknowledger {
  constructor(private readonly outlet: Outlet) {}

  acknowledge({ reply }: HeldMessage): void {
    this.tell(reply, ACK);
  }

  /** The message comes again, at once or after a delay in milliseconds. */
  giveBack({ reply }: HeldMessage, delay = 0): void {
    const milliseconds = Math.max(0, Math.round(delay));
    this.tell(reply, milliseconds === 0 ? NAK : Buffer.from(`-NAK {"delay":${milliseconds * NANOSECONDS}}`));
  }

  /** The message is over. Servers before 2.11 take the reason for nothing else than the end. */
  terminate({ reply }: HeldMessage, reason: string): void {
    this.tell(reply, Buffer.from(`+TERM ${oneLineOf(reason)}`));
  }

  /** The message is still in work: the server waits once more for as long as before. */
  keepAlive(held: HeldMessage): void {
    held.touchedAt = performance.now();
    this.tell(held.reply, IN_PROGRESS);
  }

  private tell(subject: string, word: Uint8Array): void {
    try {
      this.outlet.publish(subject, word);
    } catch {
      // The connection is closed; the server delivers the message to another instance.
    }
  }
}

function oneLineOf(reason: string): string {
  // eslint-disable-next-line no-control-regex
  return reason.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, MAX_REASON);
}
