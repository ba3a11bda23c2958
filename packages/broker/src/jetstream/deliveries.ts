/** A message that was delivered and is not acknowledged. */
export interface Delivery {
  /** The consumer's sequence of its first delivery. */
  readonly consumerSequence: number;
  /** ms from which its acknowledgement wait counts. */
  time: number;
}

/** What a consumer delivered: what waits for its acknowledgement, what comes again, and where the floor is. */
export class Deliveries {
  /** By the stream's sequence, oldest first. */
  readonly pending = new Map<number, Delivery>();
  /** How often a message came again, by the stream's sequence. */
  readonly repeats = new Map<number, number>();
  readonly delivered = { consumer: 0, stream: 0 };
  readonly floor = { consumer: 0, stream: 0 };
  private queue: number[] = [];
  private readonly queued = new Set<number>();
  // The pending messages in the order of their first delivery, with some that are done at its head.
  private order: number[] = [];
  private orderHead = 0;

  /** @param start the stream's sequence with which it begins */
  constructor(start: number) {
    this.restart(start);
  }

  /** Begins anew at a sequence of the stream, as if nothing had been delivered. */
  restart(start: number): void {
    this.pending.clear();
    this.repeats.clear();
    this.queue = [];
    this.queued.clear();
    this.order = [];
    this.orderHead = 0;
    this.delivered.consumer = this.floor.consumer = 0;
    this.delivered.stream = this.floor.stream = start - 1;
  }

  /** How often a message was delivered. */
  countOf(sequence: number): number {
    return (this.repeats.get(sequence) ?? 0) + 1;
  }

  /** Counts a delivery, and gives the consumer's sequence of it. */
  count(sequence: number): number {
    this.delivered.stream = Math.max(this.delivered.stream, sequence);
    return ++this.delivered.consumer;
  }

  /** A delivered message waits for its acknowledgement from now on. */
  track(sequence: number, consumerSequence: number, now: number): void {
    const known = this.pending.get(sequence);
    if (known) {
      known.time = now;
      return;
    }
    this.pending.set(sequence, { consumerSequence, time: now });
    this.order.push(sequence);
  }

  /** Counts what is up to a sequence as delivered, since it is gone. */
  passTo(sequence: number): void {
    this.delivered.stream = Math.max(this.delivered.stream, sequence);
    this.settleAll();
  }

  /** Nothing waits: the floor is what was delivered. */
  settleAll(): void {
    Object.assign(this.floor, this.delivered);
  }

  /** One message is done. Gives whether it was pending. */
  settle(sequence: number): boolean {
    const known = this.pending.get(sequence);
    this.repeats.delete(sequence);
    this.dequeue(sequence);
    if (!known) return false;
    this.pending.delete(sequence);
    this.moveFloor(sequence, known.consumerSequence);
    return true;
  }

  /** A message will not come again, and keeps its count. */
  giveUp(sequence: number): void {
    const known = this.pending.get(sequence);
    this.dequeue(sequence);
    if (!known) return;
    this.pending.delete(sequence);
    this.moveFloor(sequence, known.consumerSequence);
  }

  /** All messages up to one are done. Gives those that were pending. */
  settleUpTo(sequence: number, consumerSequence: number): number[] {
    if (sequence <= this.floor.stream || consumerSequence <= this.floor.consumer) return [];
    const done: number[] = [];
    for (const other of this.pending.keys()) if (other <= sequence) done.push(other);
    for (const other of done) {
      this.pending.delete(other);
      this.repeats.delete(other);
      this.dequeue(other);
    }
    this.floor.consumer = consumerSequence;
    this.floor.stream = sequence;
    return done;
  }

  /** A message comes again, after those that do already. */
  enqueue(sequence: number): void {
    if (this.queued.has(sequence)) return;
    this.queued.add(sequence);
    this.queue.push(sequence);
  }

  isQueued(sequence: number): boolean {
    return this.queued.has(sequence);
  }

  /** The message that comes again next. */
  get nextAgain(): number | undefined {
    return this.queue[0];
  }

  get queueLength(): number {
    return this.queue.length;
  }

  dequeue(sequence: number): void {
    if (!this.queued.delete(sequence)) return;
    if (this.queue[0] === sequence) this.queue.shift();
    else this.queue.splice(this.queue.indexOf(sequence), 1);
  }

  /** The floor is below the oldest message that is pending. */
  private moveFloor(sequence: number, consumerSequence: number): void {
    if (this.pending.size === 0) {
      this.settleAll();
      this.order = [];
      this.orderHead = 0;
      return;
    }
    if (consumerSequence !== this.floor.consumer + 1) return;
    this.floor.consumer = consumerSequence;
    this.floor.stream = sequence;
    while (this.orderHead < this.order.length && !this.pending.has(this.order[this.orderHead]!)) this.orderHead++;
    const oldest = this.order[this.orderHead];
    if (this.orderHead > 1024 && this.orderHead * 2 > this.order.length) {
      this.order = this.order.slice(this.orderHead);
      this.orderHead = 0;
    }
    if (oldest === undefined) return;
    this.floor.consumer = Math.max(this.floor.consumer, this.pending.get(oldest)!.consumerSequence - 1);
    this.floor.stream = Math.max(this.floor.stream, oldest - 1);
  }
}
