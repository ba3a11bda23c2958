import { MAX_TIMER } from '../timer';

/** Items that have come and were not taken yet, until the end. */
export class ItemQueue {
  /** Of the items that wait. */
  bytes = 0;
  isEnded = false;
  private readonly items: Uint8Array[] = [];
  private error: Error | undefined;
  private waiting: (() => void)[] = [];

  get length(): number {
    return this.items.length;
  }

  push(item: Uint8Array): void {
    this.items.push(item);
    this.bytes += item.length;
    if (this.waiting.length > 0) this.wake();
  }

  shift(): Uint8Array | undefined {
    const item = this.items.shift();
    if (item !== undefined) this.bytes -= item.length;
    return item;
  }

  /** Drops what waits. */
  clear(): void {
    this.items.length = 0;
    this.bytes = 0;
  }

  /** No item comes any more; the first error is kept. */
  end(error?: Error): void {
    this.error ??= error;
    this.isEnded = true;
    this.wake();
  }

  /** The error of the end, once. */
  takeError(): Error | undefined {
    const { error } = this;
    this.error = undefined;
    return error;
  }

  /** Resolves when there is an item, or the end. @param onLate called when none has come within `timeout` ms */
  async arrival(timeout: number, onLate: () => void): Promise<void> {
    const timer = timeout < Infinity ? setTimeout(onLate, Math.min(timeout, MAX_TIMER)) : undefined;
    while (this.items.length === 0 && !this.isEnded) await new Promise<void>((resolve) => this.waiting.push(resolve));
    clearTimeout(timer);
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
