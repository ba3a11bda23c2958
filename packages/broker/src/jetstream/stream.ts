import type { Publication } from '../operations';
import type { Advisories } from './advisories';
import type { Budget } from './budget';
import type { Clock } from './clock';
import { Duplicates } from './duplicates';
import { Expiry } from './expiry';
import { isMarker, markerHeaders } from './markers';
import { MessageLog, type StoredMessage } from './message-log';
import type { Post } from './post';
import { publish } from './publish';
import type { StreamConfig } from './stream-config';
import { checkRoom, enforceLimits, enforceSubject, storedSize } from './stream-limits';
import { Schedules } from './schedules';
import { SubjectFilter, toBytes } from './subject-filter';
import type { Ttl } from './ttl';
import type { Turns } from './turns';

/** What all streams of a broker share. */
export interface Surroundings {
  readonly post: Post;
  readonly clock: Clock;
  /** Never moved. */
  readonly machine: Clock;
  readonly budget: Budget;
  readonly advisories: Advisories;
  readonly turns: Turns;
  readonly warn: (details: object, message: string) => void;
}

/** What a stream needs of its consumers. */
export interface Reader {
  readonly name: string;
  readonly filter: SubjectFilter;
  /** The stream has a new message. */
  announce(message: StoredMessage): void;
  /** The stream lost a message. */
  forget(message: StoredMessage): void;
  /** The stream was purged. */
  purged(): void;
  /** Whether a message is still to be acknowledged, or delivered. */
  awaits(message: StoredMessage): boolean;
  close(): void;
}

const EVERYTHING = new SubjectFilter([]);

/** A stream: what was published on its subjects, in memory, by the rules of its configuration. */
export class Stream<R extends Reader = Reader> {
  readonly created: number;
  readonly log: MessageLog;
  readonly consumers = new Map<string, R>();
  readonly duplicates: Duplicates;
  readonly quotedName: string;
  readonly post: Post;
  readonly clock: Clock;
  /** Never moved. */
  readonly machine: Clock;
  readonly budget: Budget;
  readonly turns: Turns;
  lastMessageId = '';
  closed = false;
  private readonly expiry: Expiry;
  private readonly schedules: Schedules;
  private ears: (() => void)[] = [];

  constructor(
    public config: StreamConfig,
    readonly surroundings: Surroundings,
  ) {
    const { post, clock, machine, budget, turns } = surroundings;
    this.post = post;
    this.clock = clock;
    this.machine = machine;
    this.budget = budget;
    this.turns = turns;
    this.created = clock.now();
    this.quotedName = JSON.stringify(config.name);
    this.log = new MessageLog(config.first_seq ?? 1);
    this.duplicates = new Duplicates(clock, config.duplicate_window / 1e6);
    this.expiry = new Expiry(this, clock);
    this.schedules = new Schedules(this, clock, (error) =>
      surroundings.warn({ error, stream: config.name }, 'a schedule could not be run'),
    );
    this.listen();
  }

  /** Takes over a checked configuration. */
  update(config: StreamConfig): void {
    this.config = config;
    this.duplicates.window = config.duplicate_window / 1e6;
    this.listen();
    enforceLimits(this);
    if (config.max_msgs_per_subject > 0) for (const subject of [...this.log.subjects]) enforceSubject(this, subject);
    this.expiry.restart();
    if (config.retention === 'interest') this.dropWithoutInterest();
  }

  /** Stores a message that passed the checks, makes room for it, and notifies the consumers. Returns its sequence. */
  append(
    subject: string,
    headerSize: number,
    frame: Buffer,
    ttl: Ttl,
    messageId: string,
    rollup?: 'sub' | 'all',
  ): number {
    const { config, log } = this;
    const time = this.clock.now();
    if (config.retention === 'interest' && !this.isWanted(subject)) {
      const skipped = log.skip();
      this.remember(messageId, skipped);
      return skipped;
    }
    const size = storedSize(config, subject, headerSize, frame);
    if (config.discard === 'new') checkRoom(this, subject, size, rollup !== undefined);
    const expires = ttl === 'never' ? Infinity : ttl === undefined || ttl === 0 ? undefined : time + ttl * 1000;
    // A copy, since the frame is a part of what was read from the socket.
    const message = log.append({ subject, headerSize, frame: Buffer.from(frame), time, size, expires });
    this.budget.bytes += size;
    this.remember(messageId, message.sequence);
    for (const consumer of this.consumers.values()) consumer.announce(message);
    if (config.max_msgs_per_subject > 0) enforceSubject(this, subject);
    enforceLimits(this);
    if (config.max_age > 0 || expires !== undefined) this.expiry.add(message);
    if (rollup === 'sub') this.purge(new SubjectFilter([subject]), { keep: 1 });
    else if (rollup === 'all') this.purge(EVERYTHING, { keep: 1 });
    if (config.allow_msg_schedules) this.schedules.stored(message, headersOf(message));
    return message.sequence;
  }

  /** Takes a message out; its consumers forget it. */
  remove(message: StoredMessage): void {
    if (!this.log.remove(message)) return;
    this.budget.bytes -= message.size;
    for (const consumer of this.consumers.values()) consumer.forget(message);
  }

  /** Takes out a message whose time is over, and leaves a marker where the stream wants one. */
  expire(message: StoredMessage): void {
    const { subject } = message;
    const ttl = Math.floor((this.config.subject_delete_marker_ttl ?? 0) / 1e9);
    const marks = ttl > 0 && this.log.countOf(subject) === 1 && !isMarker(headersOf(message));
    this.remove(message);
    if (!marks) return;
    const headers = markerHeaders(ttl);
    this.append(subject, headers.length, Buffer.from(`${headers}\r\n`, 'latin1'), ttl, '');
  }

  /** Removes what the filter takes, below a sequence or but for the newest. Gives how many went. */
  purge(filter: SubjectFilter, { below, keep = 0 }: { below?: number; keep?: number } = {}): number {
    let left = keep === 0 ? Infinity : Math.max(0, this.log.countFrom(0, filter) - keep);
    let purged = 0;
    for (const message of this.log.each(filter)) {
      if (left-- <= 0 || (below !== undefined && message.sequence >= below)) break;
      this.remove(message);
      purged++;
    }
    return purged;
  }

  /** A consumer is done with a message. */
  acknowledged(sequence: number): void {
    const { retention } = this.config;
    if (retention === 'limits') return;
    const message = this.log.get(sequence);
    if (message && (retention === 'workqueue' || !this.isAwaited(message))) this.remove(message);
  }

  /** A consumer is gone, or wants less: with interest retention what nobody else waits for goes too. */
  dropWithoutInterest(): void {
    if (this.config.retention !== 'interest') return;
    for (const message of this.log.each(EVERYTHING)) if (!this.isAwaited(message)) this.remove(message);
  }

  deleteConsumer(consumer: Reader): void {
    this.consumers.delete(consumer.name);
    consumer.close();
    this.dropWithoutInterest();
  }

  close(): void {
    this.closed = true;
    for (const ear of this.ears.splice(0)) ear();
    for (const consumer of [...this.consumers.values()]) consumer.close();
    this.consumers.clear();
    this.expiry.stop();
    this.schedules.stop();
    this.budget.bytes -= this.log.bytes;
  }

  private take(message: Publication): void {
    try {
      publish(this, message);
    } catch (error) {
      this.surroundings.warn({ error, stream: this.config.name }, 'a message could not be stored');
    }
  }

  private listen(): void {
    for (const ear of this.ears.splice(0)) ear();
    this.ears = this.config.subjects.map((subject) => this.post.listen(toBytes(subject), (m) => this.take(m)));
  }

  private remember(messageId: string, sequence: number): void {
    this.lastMessageId = messageId;
    if (messageId !== '') this.duplicates.add(messageId, sequence);
  }

  private isWanted(subject: string): boolean {
    for (const consumer of this.consumers.values()) if (consumer.filter.takes(subject)) return true;
    return false;
  }

  private isAwaited(message: StoredMessage): boolean {
    for (const consumer of this.consumers.values()) if (consumer.awaits(message)) return true;
    return false;
  }
}

function headersOf({ frame, headerSize }: StoredMessage): string {
  return headerSize === 0 ? '' : frame.toString('latin1', 0, headerSize);
}
