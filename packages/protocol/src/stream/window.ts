import { FIRST_CREDIT } from './first-credit';

/** Items that it lets come at most, where nobody says how many. */
export const MOST_CREDIT = 4096;
/** Items that it lets come as soon as it has seen one that is small. */
const SMALL_CREDIT = 32;
const BYTES = 4 * 1024 * 1024;

/**
 * How many items may wait at a consumer: as many as was asked, else as fit into 4 MiB, and 4,096 at most.
 * A few small items do not open it: a name or a count often goes before large ones.
 */
export class Window {
  bytes = 0;
  items = 0;

  constructor(private readonly fixed: number | undefined) {}

  /** Takes the size of an item into account. */
  add(bytes: number): void {
    this.bytes += bytes;
    this.items++;
  }

  get size(): number {
    if (this.fixed !== undefined) return this.fixed;
    if (this.items === 0) return FIRST_CREDIT;
    // Never none, or the stream would stand still.
    const fitting = Math.ceil((BYTES / this.bytes) * this.items);
    return Math.min(fitting, MOST_CREDIT, Math.max(SMALL_CREDIT, 2 * this.items));
  }
}
