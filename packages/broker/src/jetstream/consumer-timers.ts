import type { Alarm, Clock } from './clock';
import type { ConsumerConfig } from './consumer-config';

/** What the timers of a consumer need of it. */
export interface Timed {
  readonly config: ConsumerConfig;
  readonly isPush: boolean;
  /** Whether somebody reads a push consumer's subject. */
  readonly isBound: boolean;
  readonly isPaused: boolean;
  /** How many requests wait. */
  readonly waiting: number;
  readonly deliverSubject: string;
  readonly clock: Clock;
  /** The machine's own time: pulls and signs of life are between the server and programs that run by it. */
  readonly machine: Clock;
  wake(): void;
  readonly sender: { beat(to: string): void };
  /** Goes by itself. */
  remove(): void;
}

/** What a consumer does by the clock: the end of its pause, heartbeats to its reader, its own end when nobody uses it. */
export class ConsumerTimers {
  private lastActive: number;
  private inactivity: Alarm | undefined;
  private resuming: Alarm | undefined;
  private beating: Alarm | undefined;

  constructor(private readonly consumer: Timed) {
    this.lastActive = consumer.machine.now();
  }

  /** Somebody uses the consumer. */
  noteUse(): void {
    this.lastActive = this.consumer.machine.now();
  }

  /** Sets what follows from the configuration. */
  apply(): void {
    const { consumer } = this;
    this.resuming?.cancel();
    if (consumer.isPaused) this.resuming = consumer.clock.at(consumer.config.pause_until!, () => consumer.wake());
    this.inactivity?.cancel();
    this.watchInactivity();
    this.scheduleBeat();
  }

  /** The next heartbeat to the reader of a push consumer is due one interval from now. */
  scheduleBeat(): void {
    const { consumer } = this;
    const every = (consumer.config.idle_heartbeat ?? 0) / 1e6;
    if (!consumer.isPush || every === 0) return;
    this.beating?.cancel();
    this.beating = consumer.machine.at(consumer.machine.now() + every, () => {
      if (consumer.isBound) {
        this.noteUse();
        consumer.sender.beat(consumer.deliverSubject);
      }
      this.scheduleBeat();
    });
  }

  stop(): void {
    for (const alarm of [this.inactivity, this.resuming, this.beating]) alarm?.cancel();
  }

  private watchInactivity(): void {
    const { consumer } = this;
    const threshold = (consumer.config.inactive_threshold ?? 0) / 1e6;
    if (threshold === 0) return;
    this.inactivity = consumer.machine.at(this.lastActive + threshold, () => {
      if (consumer.isPush ? consumer.isBound : consumer.waiting > 0) this.noteUse();
      if (consumer.machine.now() - this.lastActive >= threshold) consumer.remove();
      else this.watchInactivity();
    });
  }
}
