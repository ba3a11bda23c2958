import type { CreditShare } from './credit-budget';
import { Window } from './window';

/** What bounds the items that come to a consumer. */
export interface GrantSettings {
  /** Items that may wait here to be taken; undefined for as many as fit into 4 MiB. */
  readonly credit: number | undefined;
  /** Items that the request has granted already; default: as many as may wait here at first. */
  readonly granted?: number;
  /** Bytes of the largest item that may come; needed with `share`. */
  readonly itemSize?: number;
  /** What bounds the bytes under way to the connection; default: nothing. */
  readonly share?: CreditShare;
}

/** How many items a producer may send: as many as may wait here, and as the connection bears. */
export class Grants {
  /** The number of the last item that may come. */
  upTo: number;
  private taken = 0;
  private arrived = 0;
  private readonly window: Window;

  constructor(private readonly settings: GrantSettings) {
    this.window = new Window(settings.credit);
    this.upTo = settings.granted ?? this.window.size;
  }

  /** Whether one more item is more than was granted. */
  get isUsedUp(): boolean {
    return this.arrived >= this.upTo;
  }

  /** An item has come. */
  add(bytes: number): void {
    this.arrived++;
    this.window.add(bytes);
    this.settings.share?.arrived(bytes, this.upTo - this.arrived, this.itemSize);
  }

  /** An item has been taken; gives whether it is time to grant more. In halves: each grant is a message. */
  take(): boolean {
    this.taken++;
    const { size } = this.window;
    return this.taken + size - this.upTo >= size / 2;
  }

  /** Raises what is granted, as far as items have been taken and the connection bears it; whether it did. */
  grow(): boolean {
    const { share } = this.settings;
    // What was granted first is enough until an item shows what more would mean.
    if (this.arrived === 0 && this.upTo > 0 && share?.isBody !== true) return false;
    const wanted = this.taken + this.window.size - this.upTo;
    if (wanted <= 0) return false;
    const underWay = Math.max(0, this.upTo - this.arrived);
    const more = share === undefined ? wanted : share.more(wanted, underWay, this.itemSize);
    this.upTo += more;
    return more > 0;
  }

  /** As if one of the largest had come besides: after a name may come the parts of a file. */
  private get itemSize(): number {
    const { items, bytes } = this.window;
    return (bytes + (this.settings.itemSize ?? 0)) / (items + 1);
  }

  /** Nothing comes any more. */
  close(): void {
    this.settings.share?.close();
  }
}
