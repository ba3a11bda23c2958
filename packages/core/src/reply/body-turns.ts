/** Bodies that are received at the same time: with 16 chunks of 128 KiB each under way, 32 MiB in all. */
const AT_ONCE = 16;
/** Milliseconds without a chunk after which a body gives up its turn, where others wait; it goes on nevertheless. */
const STALL = 1_000;

/** One body that is received. */
export interface Turn {
  /** Something of it has come. */
  progress(): void;
  end(): void;
}

/**
 * Lets the bodies in chunks of one connection be received a few at a time, first come first served. All at once would
 * need memory for all of them, and a nats-server cuts off a connection to which more than 64 MiB are under way.
 */
export class BodyTurns {
  private readonly running = new Set<RunningTurn>();
  private readonly waiting = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  /** Resolves when the body may come. @throws the reason of the signal when that is aborted before */
  async enter(signal: AbortSignal): Promise<Turn> {
    if (this.running.size >= AT_ONCE) await this.wait(signal);
    const turn = new RunningTurn((ended) => this.leave(ended));
    this.running.add(turn);
    return turn;
  }

  private async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.timer ??= setInterval(() => this.endStalled(), STALL / 4);
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.waiting.delete(start);
        signal.removeEventListener('abort', onAbort);
        if (this.waiting.size > 0) return;
        clearInterval(this.timer);
        this.timer = undefined;
      };
      const start = (): void => {
        stop();
        resolve();
      };
      const onAbort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort);
      this.waiting.add(start);
    });
  }

  private leave(turn: RunningTurn): void {
    if (!this.running.delete(turn)) return;
    const [next] = this.waiting;
    next?.();
  }

  private endStalled(): void {
    const now = performance.now();
    for (const turn of this.running) if (now - turn.movedAt > STALL) this.leave(turn);
  }
}

class RunningTurn implements Turn {
  movedAt = performance.now();

  constructor(private readonly onEnd: (turn: RunningTurn) => void) {}

  progress(): void {
    this.movedAt = performance.now();
  }

  end(): void {
    this.onEnd(this);
  }
}
