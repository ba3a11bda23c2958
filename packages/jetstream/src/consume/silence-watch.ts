/** Notices that a server which should send something is silent. */
export class SilenceWatch {
  private timer: NodeJS.Timeout | undefined;
  /** Whether anything has come since the last look. */
  private isHeard = false;
  private quietLooks = 0;

  constructor(
    /** Milliseconds between two looks, and how many in a row may find nothing new. */
    private readonly interval: number,
    private readonly looks: number,
    private readonly isWaiting: () => boolean,
    private readonly onSilent: () => void,
  ) {}

  /** Something has come, or has been asked for. A timer that each message put off would cost more than this flag. */
  heard(): void {
    this.isHeard = true;
    this.timer ??= setInterval(() => this.look(), this.interval).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    if (this.isHeard || !this.isWaiting()) {
      this.isHeard = false;
      this.quietLooks = 0;
    } else if (++this.quietLooks === this.looks) {
      this.quietLooks = 0;
      this.onSilent();
    }
  }
}
