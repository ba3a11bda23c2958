/**
 * What is to be done after the present work, each thing in its turn. What comes up while it is done waits for a turn of
 * the event loop, so that streams that feed each other leave room for everything else.
 */
export class Turns {
  private waiting: (() => void)[] = [];
  private isTaking = false;
  private isPlanned = false;

  constructor(private readonly failed: (error: unknown) => void) {}

  add(work: () => void): void {
    this.waiting.push(work);
    if (this.isPlanned) return;
    this.isPlanned = true;
    if (this.isTaking) setImmediate(() => this.take());
    else queueMicrotask(() => this.take());
  }

  private take(): void {
    this.isPlanned = false;
    this.isTaking = true;
    for (const work of this.waiting.splice(0)) {
      try {
        work();
      } catch (error) {
        this.failed(error);
      }
    }
    this.isTaking = false;
  }
}
