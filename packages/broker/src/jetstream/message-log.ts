import type { SubjectFilter } from './subject-filter';

/** A message that a stream holds. The frame is headers, payload and the closing CRLF. */
export interface StoredMessage {
  readonly sequence: number;
  /** A byte string. */
  readonly subject: string;
  readonly headerSize: number;
  readonly frame: Buffer;
  /** ms. */
  readonly time: number;
  /** What it counts for in the stream's bytes. */
  readonly size: number;
  /** ms; Infinity for one that never ends, whatever the stream's age limit. */
  readonly expires: number | undefined;
}

interface Entry extends StoredMessage {
  frame: Buffer;
  deleted: boolean;
}

class SubjectMessages {
  entries: Entry[] = [];
  head = 0;
  count = 0;
}

const NOTHING = Buffer.alloc(0);
const MIN_COMPACTION = 64;

/** The messages of a stream in order of sequence, and by subject. */
export class MessageLog {
  private entries: Entry[] = [];
  private head = 0;
  private readonly bySubject = new Map<string, SubjectMessages>();
  count = 0;
  bytes = 0;
  lastSequence: number;
  lastTime: number | undefined;

  constructor(firstSequence: number) {
    this.lastSequence = Math.max(0, firstSequence - 1);
  }

  /** The first message's sequence, or the one that will be first; 0 before there ever was one. */
  get firstSequence(): number {
    const first = this.first();
    if (first) return first.sequence;
    return this.lastSequence === 0 ? 0 : this.lastSequence + 1;
  }

  get subjects(): IterableIterator<string> {
    return this.bySubject.keys();
  }

  get subjectCount(): number {
    return this.bySubject.size;
  }

  append(message: Omit<StoredMessage, 'sequence'>): StoredMessage {
    const entry: Entry = { ...message, sequence: ++this.lastSequence, deleted: false };
    this.lastTime = entry.time;
    this.entries.push(entry);
    this.count++;
    this.bytes += entry.size;
    let own = this.bySubject.get(entry.subject);
    if (!own) this.bySubject.set(entry.subject, (own = new SubjectMessages()));
    own.entries.push(entry);
    own.count++;
    return entry;
  }

  /** Uses up a sequence without a message. */
  skip(): number {
    return ++this.lastSequence;
  }

  get(sequence: number): StoredMessage | undefined {
    const entry = this.entries[this.indexFrom(sequence)];
    return entry?.sequence === sequence && !entry.deleted ? entry : undefined;
  }

  /** Gives up all sequences below one, which nothing has. */
  skipTo(firstSequence: number): void {
    this.lastSequence = Math.max(this.lastSequence, firstSequence - 1);
  }

  remove(message: StoredMessage): boolean {
    const entry = message as Entry;
    if (entry.deleted) return false;
    entry.deleted = true;
    this.count--;
    this.bytes -= entry.size;
    entry.frame = NOTHING;
    this.removeFromSubject(entry);
    while (this.entries[this.head]?.deleted) this.head++;
    const dead = this.entries.length - this.count;
    if (dead > MIN_COMPACTION && dead > this.count) {
      this.entries = this.entries.filter(({ deleted }) => !deleted);
      this.head = 0;
    }
    return true;
  }

  first(): StoredMessage | undefined {
    return this.entries[this.head];
  }

  /** The first message from a sequence on that the filter takes. */
  next(sequence: number, filter: SubjectFilter): StoredMessage | undefined {
    if (filter.literal !== undefined) return this.nextOf(filter.literal, sequence);
    for (let i = this.indexFrom(sequence); i < this.entries.length; i++) {
      const entry = this.entries[i]!;
      if (!entry.deleted && filter.takes(entry.subject)) return entry;
    }
    return undefined;
  }

  /** The first message that is not older than a time. */
  firstSince(time: number): StoredMessage | undefined {
    let low = this.head;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    while (this.entries[low]?.deleted) low++;
    return this.entries[low];
  }

  last(filter: SubjectFilter): StoredMessage | undefined {
    if (filter.literal !== undefined) return this.lastOf(filter.literal);
    for (let i = this.entries.length - 1; i >= this.head; i--) {
      const entry = this.entries[i]!;
      if (!entry.deleted && filter.takes(entry.subject)) return entry;
    }
    return undefined;
  }

  firstOf(subject: string): StoredMessage | undefined {
    const own = this.bySubject.get(subject);
    return own?.entries[own.head];
  }

  lastOf(subject: string): StoredMessage | undefined {
    return this.bySubject.get(subject)?.entries.at(-1);
  }

  /** The last message of each subject that the filter takes, in order of sequence. */
  lastOfEach(filter: SubjectFilter): StoredMessage[] {
    const found: StoredMessage[] = [];
    for (const [subject, own] of this.bySubject) if (filter.takes(subject)) found.push(own.entries.at(-1)!);
    return found.sort((a, b) => a.sequence - b.sequence);
  }

  countOf(subject: string): number {
    return this.bySubject.get(subject)?.count ?? 0;
  }

  /** How many messages from a sequence on the filter takes. */
  countFrom(sequence: number, filter: SubjectFilter): number {
    let count = 0;
    for (let i = this.indexFrom(sequence); i < this.entries.length; i++) {
      const entry = this.entries[i]!;
      if (!entry.deleted && filter.takes(entry.subject)) count++;
    }
    return count;
  }

  /** All messages that the filter takes, oldest first; deletions meanwhile are seen. */
  *each(filter: SubjectFilter): Generator<StoredMessage> {
    for (let next = this.next(0, filter); next; next = this.next(next.sequence + 1, filter)) yield next;
  }

  private nextOf(subject: string, sequence: number): StoredMessage | undefined {
    const own = this.bySubject.get(subject);
    if (!own) return undefined;
    let low = own.head;
    let high = own.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (own.entries[middle]!.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    while (own.entries[low]?.deleted) low++;
    return own.entries[low];
  }

  private removeFromSubject(entry: Entry): void {
    const own = this.bySubject.get(entry.subject)!;
    if (--own.count === 0) {
      this.bySubject.delete(entry.subject);
      return;
    }
    while (own.entries[own.head]?.deleted) own.head++;
    while (own.entries.at(-1)?.deleted) own.entries.pop();
    if (own.entries.length > MIN_COMPACTION && own.entries.length > own.count * 2) {
      own.entries = own.entries.filter(({ deleted }) => !deleted);
      own.head = 0;
    }
  }

  /** The index of the first entry, deleted or not, at or after a sequence. */
  private indexFrom(sequence: number): number {
    const first = this.entries[this.head];
    if (!first || sequence <= first.sequence) return this.head;
    const dense = this.head + sequence - first.sequence;
    if (this.entries[dense]?.sequence === sequence) return dense;
    let low = this.head;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
