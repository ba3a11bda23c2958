import { MAX_TIMER } from '../timer';
import { MISSED_HEARTBEATS } from './headers';

/** When a producer has to be heard of, and what is done otherwise. */
export interface LifeSignSettings {
  /** Milliseconds until its first message. */
  readonly firstWithin: number;
  /** Milliseconds; a producer that misses three is given up. 0: never. */
  readonly heartbeat: number;
  /** No first message has come in time. */
  onMissing(): void;
  /** It has begun, and fallen silent. */
  onSilent(): void;
}

/** Whether a producer is alive. */
export class LifeSigns {
  /** Messages that have come. */
  messages = 0;
  /** Heartbeats' times that have passed since the latest one. */
  private silent = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly settings: LifeSignSettings) {
    const { firstWithin } = settings;
    if (firstWithin < Infinity) this.timer = setTimeout(() => settings.onMissing(), Math.min(firstWithin, MAX_TIMER));
  }

  /** A message has come. */
  heard(): void {
    // Counting is cheaper than to read the clock for each item.
    this.silent = 0;
    if (this.messages++ > 0) return;
    clearTimeout(this.timer);
    const { heartbeat } = this.settings;
    if (heartbeat > 0) this.timer = setInterval(() => this.beat(), Math.min(heartbeat, MAX_TIMER));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private beat(): void {
    if (++this.silent > MISSED_HEARTBEATS) this.settings.onSilent();
  }
}
