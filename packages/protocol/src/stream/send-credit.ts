import { Buffer } from '../platform/node';
import { CLIENT_ERRORS, errorOf } from '../services/error-catalogue';
import type { Body } from './frames';
import type { Uncredited } from './uncredited';
import { MOST_CREDIT } from './window';

// What may be under way before the server has confirmed it; bounds what the connection buffers, and lets the process do
// something else meanwhile. Items count where the consumer bounds them not at all, or by more than it could mean.
const UNCONFIRMED_ITEMS = 256;
const UNCONFIRMED_BYTES = 16 * 1024 * 1024;

/** How many items a producer may send, and what it has sent. */
export class SendCredit {
  /** The number of the last item that was sent. */
  sequence = 0;
  /** A grant came on the control subject, which only the consumer knows. */
  private isGranted = false;
  private bytes = 0;
  /** Items granted by a consumer that had not said it would. */
  private granted = 0;
  private unconfirmedItems = 0;
  private unconfirmedBytes = 0;

  /**
   * @param upTo items that may be sent before a grant; Infinity for a consumer that grants none
   * @param uncredited what goes out before the consumer has granted anything itself, whatever `upTo` says
   */
  constructor(
    private upTo: number,
    private readonly uncredited: Uncredited,
  ) {}

  grant(upTo: number): void {
    this.isGranted = true;
    if (this.upTo < Infinity) this.upTo = Math.max(this.upTo, upTo);
    else this.granted = Math.max(this.granted, upTo);
  }

  /** Whether a grant has to come first. @param next the item that is ready; undefined while it is not made yet */
  mustWait(next?: Body): boolean {
    if (this.upTo === Infinity) return false;
    return this.sequence >= this.upTo || (!this.isGranted && this.isOverUncredited(next));
  }

  /** @throws ServiceError 429 for an item that goes beyond what a consumer without credit gets */
  check(item: Body): void {
    if (this.upTo === Infinity && this.sequence >= this.granted && this.isOverUncredited(item))
      throw errorOf(CLIENT_ERRORS.streamUncredited, { items: this.sequence });
  }

  sent(item: Body): void {
    this.sequence++;
    this.unconfirmedItems++;
    this.unconfirmedBytes += item.length;
    if (!this.isGranted) this.bytes += Buffer.byteLength(item);
  }

  /** Whether the server should confirm what was sent before there is more of it. */
  get isMuchUnconfirmed(): boolean {
    if (this.unconfirmedBytes >= UNCONFIRMED_BYTES) return true;
    return this.unconfirmedItems >= UNCONFIRMED_ITEMS && this.upTo - this.sequence > MOST_CREDIT;
  }

  /** The server is asked to confirm all that was sent. */
  confirm(): void {
    this.unconfirmedItems = this.unconfirmedBytes = 0;
  }

  private isOverUncredited(item: Body = ''): boolean {
    const { items, bytes } = this.uncredited;
    // One item may always go: it is the one message out for one message in.
    return this.sequence >= items || (this.sequence > 0 && this.bytes + Buffer.byteLength(item) > bytes);
  }
}
