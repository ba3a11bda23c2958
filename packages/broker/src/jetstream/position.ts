import { type ConsumerConfig } from './consumer-config';
import type { MessageLog, StoredMessage } from './message-log';
import { startOf } from './start';
import type { StreamConfig } from './stream-config';
import type { SubjectFilter } from './subject-filter';

/** Where a consumer is in its stream: at which sequence it looks for the next new message, and how many there are. */
export class Position {
  /** The stream's sequence at which it looks for the next new message. */
  next: number;
  /** How many messages from there on are for it. */
  unseen: number;
  private readonly log: MessageLog;
  /** The last messages of each subject that were there at the beginning, where it delivers those first. */
  private lasts: number[];
  private readonly afterLasts: number;

  constructor(
    stream: { readonly log: MessageLog; readonly config: StreamConfig },
    config: ConsumerConfig,
    private filter: SubjectFilter,
  ) {
    this.log = stream.log;
    const start = startOf(stream, config, filter);
    this.next = start.sequence;
    this.lasts = start.lasts;
    this.afterLasts = this.log.lastSequence + 1;
    this.unseen =
      config.deliver_policy === 'last_per_subject'
        ? this.log.lastOfEach(filter).length
        : this.log.countFrom(this.next, filter);
  }

  /** The consumer wants other subjects. */
  refilter(filter: SubjectFilter): void {
    this.filter = filter;
    this.unseen = this.log.countFrom(this.next, filter);
  }

  /** Begins anew at a sequence. */
  restart(sequence: number): void {
    this.lasts = [];
    this.next = Math.max(1, sequence, this.log.firstSequence);
    this.unseen = this.log.countFrom(this.next, this.filter);
  }

  /** The stream lost a message. */
  forget({ sequence, subject }: StoredMessage): void {
    if (sequence >= this.next && this.filter.takes(subject) && this.unseen > 0) this.unseen--;
  }

  /** Goes on behind all that there is. */
  skipAll(): void {
    this.next = Math.max(this.next, this.log.lastSequence + 1);
  }

  /** The new message that is due. */
  peek(): StoredMessage | undefined {
    while (this.lasts.length > 0) {
      const message = this.log.get(this.lasts[0]!);
      if (message) return message;
      this.lasts.shift();
      if (this.lasts.length === 0) this.next = Math.max(this.next, this.afterLasts);
    }
    const message = this.log.next(this.next, this.filter);
    if (message === undefined) this.skipAll();
    return message;
  }

  /** A new message was delivered: the next one is behind it. */
  passed(sequence: number): void {
    this.unseen = Math.max(0, this.unseen - 1);
    if (this.lasts[0] !== sequence) {
      this.next = sequence + 1;
      return;
    }
    this.lasts.shift();
    this.next = this.lasts.length === 0 ? Math.max(sequence + 1, this.afterLasts) : sequence + 1;
  }
}
