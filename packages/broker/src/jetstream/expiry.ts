import type { Alarm, Clock } from './clock';
import type { MessageLog, StoredMessage } from './message-log';
import type { StreamConfig } from './stream-config';
import { SubjectFilter } from './subject-filter';

const EVERYTHING = new SubjectFilter([]);

/** What expiry needs of a stream. */
export interface Expiring {
  readonly config: StreamConfig;
  readonly log: MessageLog;
  /** Takes out a message whose time is over. */
  expire(message: StoredMessage): void;
}

/** Takes away messages whose time is over: by the stream's age limit, and by their own. */
export class Expiry {
  private readonly timed: StoredMessage[] = [];
  private alarm: Alarm | undefined;

  constructor(
    private readonly stream: Expiring,
    private readonly clock: Clock,
  ) {}

  /** A message was stored. */
  add(message: StoredMessage): void {
    const { expires } = message;
    if (expires !== undefined && expires !== Infinity) {
      let at = this.timed.length;
      while (at > 0 && this.timed[at - 1]!.expires! > expires) at--;
      this.timed.splice(at, 0, message);
      this.wake(expires);
    }
    if (this.maxAge > 0 && expires !== Infinity) this.wake(message.time + this.maxAge);
  }

  /** The age limit may have changed. */
  restart(): void {
    this.stop();
    this.expire();
  }

  stop(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  private get maxAge(): number {
    return this.stream.config.max_age / 1e6;
  }

  private wake(due: number): void {
    if (this.alarm && this.alarm.due <= due) return;
    this.alarm?.cancel();
    this.alarm = this.clock.at(due, () => {
      this.alarm = undefined;
      this.expire();
    });
  }

  private expire(): void {
    const { log } = this.stream;
    const now = this.clock.now();
    while (this.timed[0] && (this.timed[0].expires! <= now || log.get(this.timed[0].sequence) !== this.timed[0])) {
      this.end(this.timed.shift()!);
    }
    if (this.timed[0]) this.wake(this.timed[0].expires!);
    if (this.maxAge === 0) return;
    for (const message of log.each(EVERYTHING)) {
      if (message.expires === Infinity) continue;
      const due = message.time + this.maxAge;
      if (due > now) {
        this.wake(due);
        break;
      }
      this.end(message);
    }
  }

  private end(message: StoredMessage): void {
    if (this.stream.log.get(message.sequence) === message) this.stream.expire(message);
  }
}
