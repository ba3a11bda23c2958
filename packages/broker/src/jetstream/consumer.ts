import { ApiError } from './api-error';
import { AckWait } from './ack-wait';
import { terminate } from './acknowledge';
import type { ConsumerEvent } from './advisories';
import type { Alarm, Clock } from './clock';
import { type ConsumerConfig, filtersOf } from './consumer-config';
import { Deliveries } from './deliveries';
import { statusBlock, withHeader } from './headers';
import type { StoredMessage } from './message-log';
import type { Post } from './post';
import { Priority } from './priority';
import { PullQueue } from './pull-queue';
import { type PullRequest, readPullRequest } from './pull-requests';
import { PushFlow } from './push-flow';
import { startOf } from './start';
import type { Stream } from './stream';
import { SubjectFilter, toBytes } from './subject-filter';
import { formatDuration, nanoseconds } from './time-format';

// What is delivered in one go, before others have their turn.
const MAX_MESSAGES = 1_024;
const MAX_BYTES = 4 * 1024 * 1024;
// Whatever a consumer allows: all requests are looked at again and again.
const MAX_WAITING = 10_000;
const EMPTY_FRAME = '\r\n';

/** A consumer of a stream: hands its messages to those who ask, or to one subject, and keeps account of them. */
export class Consumer {
  readonly created: number;
  readonly deliveries: Deliveries;
  readonly post: Post;
  readonly clock: Clock;
  /** The machine's own time: pulls and signs of life are between the server and programs that run by it. */
  private readonly machine: Clock;
  readonly ackWait: AckWait;
  readonly requests: PullQueue;
  readonly priority: Priority;
  filter: SubjectFilter;
  /** The stream's sequence at which it looks for the next new message. */
  nextSequence: number;
  /** How many messages from there on are for it. */
  unseen: number;
  lastDelivered: number | undefined;
  lastAcknowledged: number | undefined;
  closed = false;
  private flow: PushFlow;
  /** The last messages of each subject that were there at the beginning, where it delivers those first. */
  private lasts: number[] = [];
  private afterLasts = 0;
  private lastActive: number;
  private isAwake = false;
  private tidying: Alarm | undefined;
  private inactivity: Alarm | undefined;
  private resuming: Alarm | undefined;
  private beating: Alarm | undefined;
  private readonly ackPrefix: string;

  constructor(
    readonly stream: Stream<Consumer>,
    readonly name: string,
    public config: ConsumerConfig,
  ) {
    const { post, clock, machine } = stream;
    this.post = post;
    this.clock = clock;
    this.machine = machine;
    this.created = clock.now();
    this.lastActive = machine.now();
    this.filter = new SubjectFilter(filtersOf(config).map(toBytes));
    const start = startOf(stream, config, this.filter);
    this.nextSequence = start.sequence;
    this.lasts = start.lasts;
    this.afterLasts = stream.log.lastSequence + 1;
    this.unseen =
      config.deliver_policy === 'last_per_subject'
        ? stream.log.lastOfEach(this.filter).length
        : stream.log.countFrom(this.nextSequence, this.filter);
    this.deliveries = new Deliveries(this.nextSequence);
    this.ackWait = new AckWait(this, clock);
    this.requests = new PullQueue(post, machine);
    this.priority = new Priority(this);
    this.flow = new PushFlow(post, stream.config.name, name);
    this.ackPrefix = toBytes(`$JS.ACK.${stream.config.name}.${name}.`);
    this.applyTimes();
    this.wake();
  }

  /** How many requests wait. */
  get waiting(): number {
    if (!this.isPush) this.tidy(false);
    return this.requests.length;
  }

  get isPush(): boolean {
    return this.config.deliver_subject !== undefined;
  }

  get deliverSubject(): string {
    return toBytes(this.config.deliver_subject ?? '');
  }

  /** Whether somebody reads a push consumer's subject. */
  get isBound(): boolean {
    return this.isPush && this.post.hasInterest(this.deliverSubject);
  }

  /** Whether as many messages wait for acknowledgements as may. */
  get isFull(): boolean {
    const most = this.config.max_ack_pending ?? 0;
    return most > 0 && this.deliveries.pending.size >= most;
  }

  get isPaused(): boolean {
    return (this.config.pause_until ?? 0) > this.clock.now();
  }

  /** Takes over a checked configuration. */
  update(config: ConsumerConfig): void {
    const before = filtersOf(this.config).join(' ');
    this.config = config;
    if (filtersOf(config).join(' ') !== before) {
      this.filter = new SubjectFilter(filtersOf(config).map(toBytes));
      this.unseen = this.stream.log.countFrom(this.nextSequence, this.filter);
      this.stream.dropWithoutInterest();
    }
    this.ackWait.check();
    this.applyTimes();
    this.wake();
  }

  /** Begins anew at a sequence. */
  reset(sequence: number): number {
    this.lasts = [];
    this.nextSequence = Math.max(1, sequence, this.stream.log.firstSequence);
    this.unseen = this.stream.log.countFrom(this.nextSequence, this.filter);
    this.deliveries.restart(sequence);
    this.ackWait.stop();
    this.wake();
    return sequence;
  }

  /** The stream has a new message. */
  announce(message: StoredMessage): void {
    if (!this.filter.takes(message.subject)) return;
    this.unseen++;
    this.wake();
  }

  /** The stream lost a message. */
  forget(message: StoredMessage): void {
    const { sequence, subject } = message;
    if (sequence >= this.nextSequence && this.filter.takes(subject) && this.unseen > 0) this.unseen--;
    const { deliveries } = this;
    const delivery = deliveries.pending.get(sequence);
    if (!delivery) {
      deliveries.repeats.delete(sequence);
      return;
    }
    const { consumerSequence } = delivery;
    terminate(
      this,
      { sequence, consumerSequence, deliveries: deliveries.countOf(sequence) },
      'Unacknowledged message was deleted',
    );
  }

  /** The stream was purged: a consumer that has nothing left to do goes on behind what there was. */
  purged(): void {
    if (this.unseen > 0 || this.deliveries.pending.size > 0) return;
    this.nextSequence = Math.max(this.nextSequence, this.stream.log.lastSequence + 1);
    this.deliveries.passTo(this.nextSequence - 1);
  }

  /** Whether a message of its stream is still to be acknowledged, or delivered, here. */
  awaits({ sequence, subject }: StoredMessage): boolean {
    if (!this.filter.takes(subject)) return false;
    if (sequence >= this.nextSequence || this.deliveries.pending.has(sequence)) return true;
    return this.config.ack_policy === 'all' && sequence > this.deliveries.floor.stream;
  }

  /** Whether a message may not be delivered once more; the first time somebody is told. */
  isExhausted(sequence: number): boolean {
    const { deliveries, config } = this;
    const count = deliveries.countOf(sequence);
    if (config.max_deliver <= 0 || count < config.max_deliver) return false;
    if (count === config.max_deliver) this.advise('MAX_DELIVERIES', { stream_seq: sequence, deliveries: count });
    deliveries.giveUp(sequence);
    deliveries.repeats.set(sequence, count);
    return true;
  }

  /** A client asks for messages. */
  request(reply: string, body: Buffer): void {
    const refuse = (status: string): void => this.post.send(reply, '', statusBlock(status));
    if (this.isPush) return refuse('409 Consumer is push based');
    let request: PullRequest;
    try {
      request = readPullRequest(body, reply, this.machine.now());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return refuse(`400 Bad Request - ${error.message.replace(/[\r\n]+/g, ' ')}`);
    }
    const refusal = this.limitOf(request) ?? this.priority.refusalOf(request);
    if (refusal !== undefined) return refuse(refusal);
    if (request.noWait) {
      const ready = this.unseen + this.deliveries.queueLength;
      if (ready === 0 && request.expires === Infinity) return refuse('404 No Messages');
      if (ready > 0 && ready < this.requests.wanted) return refuse('408 Requests Pending');
    }
    const most = Math.min(this.config.max_waiting ?? 0, MAX_WAITING);
    if (this.requests.length >= most) this.tidy(false);
    if (this.requests.length >= most) {
      if (request.heartbeat === 0) refuse('409 Exceeded MaxWaiting');
      return;
    }
    this.lastActive = this.machine.now();
    this.requests.add(request, this.priority.isOrdered);
    this.wake();
  }

  /** The reader of a push consumer answered a question of flow control. */
  flowAnswered(subject: string): void {
    if (this.flow.answer(subject)) this.wake();
  }

  /** Delivers what can be, soon. */
  wake(): void {
    if (this.isAwake || this.closed) return;
    this.isAwake = true;
    this.stream.turns.add(() => {
      this.isAwake = false;
      this.deliverAll();
    });
  }

  advise(event: ConsumerEvent, details: object): void {
    this.stream.surroundings.advisories.consumer(event, this.stream.config.name, this.name, details);
  }

  /** @param isDeleted whether it goes by itself, so that those who wait are told */
  close(isDeleted = true): void {
    this.closed = true;
    this.ackWait.stop();
    this.priority.stop();
    for (const alarm of [this.tidying, this.inactivity, this.resuming, this.beating]) alarm?.cancel();
    if (isDeleted) this.requests.endAll('409 Consumer Deleted');
  }

  private limitOf(request: PullRequest): string | undefined {
    const { max_batch = 0, max_expires = 0, max_bytes = 0 } = this.config;
    if (max_batch > 0 && request.left > max_batch) return `409 Exceeded MaxRequestBatch of ${max_batch}`;
    if (max_expires > 0 && request.expires !== Infinity && request.expires > this.machine.now() + max_expires / 1e6)
      return `409 Exceeded MaxRequestExpires of ${formatDuration(max_expires / 1e6)}`;
    if (max_bytes > 0 && request.bytes > max_bytes) return `409 Exceeded MaxRequestMaxBytes of ${max_bytes}`;
    return undefined;
  }

  private deliverAll(): void {
    if (this.closed) return;
    let messages = 0;
    let bytes = 0;
    let isAtEnd = true;
    while (!this.isPaused && this.canSend()) {
      const next = this.peek();
      if (next === undefined || next === 'full') {
        isAtEnd = next === undefined;
        break;
      }
      if (messages >= MAX_MESSAGES || bytes >= MAX_BYTES) {
        this.wake();
        return;
      }
      const size = this.send(next.message, next.count);
      if (size === undefined) {
        isAtEnd = false;
        break;
      }
      messages++;
      bytes += size;
    }
    if (!this.isPush) this.tidy(isAtEnd);
  }

  private canSend(): boolean {
    if (!this.isPush) return this.requests.length > 0;
    if (this.config.flow_control && this.flow.stalledOn !== undefined) return false;
    const isBound = this.isBound;
    if (isBound) this.lastActive = this.machine.now();
    return isBound;
  }

  /** The message that is due, and how often it will have been delivered. */
  private peek(): { message: StoredMessage; count: number } | 'full' | undefined {
    const { deliveries, stream, config } = this;
    for (let again = deliveries.nextAgain; again !== undefined; again = deliveries.nextAgain) {
      const count = deliveries.countOf(again) + 1;
      const message = stream.log.get(again);
      if (config.max_deliver > 0 && count > config.max_deliver) {
        if (count === config.max_deliver + 1)
          this.advise('MAX_DELIVERIES', { stream_seq: again, deliveries: config.max_deliver });
        deliveries.giveUp(again);
        deliveries.repeats.set(again, count - 1);
        continue;
      }
      if (message) return { message, count };
      deliveries.settle(again);
    }
    if (this.isFull) return 'full';
    while (this.lasts.length > 0) {
      const message = stream.log.get(this.lasts[0]!);
      if (message) return { message, count: 1 };
      this.lasts.shift();
      if (this.lasts.length === 0) this.nextSequence = Math.max(this.nextSequence, this.afterLasts);
    }
    const message = stream.log.next(this.nextSequence, this.filter);
    if (message) return { message, count: 1 };
    this.nextSequence = Math.max(this.nextSequence, stream.log.lastSequence + 1);
    return undefined;
  }

  /** Delivers a message, and gives its size; undefined where nobody may have it. */
  private send(message: StoredMessage, count: number): number | undefined {
    const { sequence } = message;
    const { deliveries } = this;
    const isNew = count === 1;
    const unseen = isNew ? Math.max(0, this.unseen - 1) : this.unseen;
    const consumerSequence = deliveries.delivered.consumer + 1;
    const reply = `${this.ackPrefix}${count}.${sequence}.${consumerSequence}.${nanoseconds(message.time)}.${unseen}`;
    let { frame, headerSize } = this.config.headers_only ? headersOnly(message) : message;
    const size = message.subject.length + reply.length + frame.length - 2;
    const request = this.isPush ? undefined : this.priority.take(size);
    if (!this.isPush && !request) return undefined;
    const pin = this.priority.pinId;
    if (request && pin !== '') ({ frame, headerSize } = pinned(frame, headerSize, pin));

    this.unseen = unseen;
    if (isNew) this.passed(sequence);
    else {
      deliveries.dequeue(sequence);
      deliveries.repeats.set(sequence, count - 1);
    }
    deliveries.count(sequence);
    const now = this.clock.now();
    this.lastDelivered = now;
    if (this.config.ack_policy === 'none') {
      deliveries.settleAll();
    } else {
      deliveries.track(sequence, consumerSequence, now);
      this.ackWait.watch(sequence);
    }
    const to = request ? request.reply : this.deliverSubject;
    this.post.forward(to, { subject: message.subject, reply, headerSize, frame });
    if (request) this.finish(request, size);
    else if (this.config.flow_control) this.flow.count(to, size);
    if (!request) this.scheduleBeat(true);
    this.lastActive = this.machine.now();
    if (this.config.ack_policy === 'none') this.stream.acknowledged(sequence);
    return size;
  }

  /** A new message was delivered: the next one is behind it. */
  private passed(sequence: number): void {
    if (this.lasts[0] !== sequence) {
      this.nextSequence = sequence + 1;
      return;
    }
    this.lasts.shift();
    this.nextSequence = this.lasts.length === 0 ? Math.max(sequence + 1, this.afterLasts) : sequence + 1;
  }

  private finish(request: PullRequest, size: number): void {
    request.left--;
    request.delivered++;
    if (request.bytes > 0) {
      request.bytes -= size;
      if (request.bytes === 0) request.left = 0;
    }
    if (request.left > 0) {
      this.requests.putBack(request, this.priority.isOrdered);
    } else if (request.bytes > 0) {
      const left = [
        ['Nats-Pending-Messages', 0],
        ['Nats-Pending-Bytes', request.bytes],
      ] as const;
      this.post.send(request.reply, '', statusBlock('409 Batch Completed', left));
    }
  }

  private tidy(isAtEnd: boolean): void {
    const next = this.requests.tidy(isAtEnd, (reply) => this.beat(reply));
    if (this.tidying && this.tidying.due <= next) return;
    this.tidying?.cancel();
    this.tidying = undefined;
    if (next === Infinity) return;
    this.tidying = this.machine.at(next, () => {
      this.tidying = undefined;
      this.deliverAll();
    });
  }

  private beat(to: string): void {
    const headers: [string, string | number][] = [
      ['Nats-Last-Consumer', this.deliveries.delivered.consumer],
      ['Nats-Last-Stream', this.nextSequence - 1],
    ];
    if (this.config.flow_control && this.flow.open !== undefined)
      headers.push(['Nats-Consumer-Stalled', this.flow.open]);
    this.post.send(to, '', statusBlock('100 Idle Heartbeat', headers));
  }

  /** Sets the timers that follow from the configuration. */
  private applyTimes(): void {
    this.resuming?.cancel();
    if (this.isPaused) this.resuming = this.clock.at(this.config.pause_until!, () => this.wake());
    this.inactivity?.cancel();
    this.watchInactivity();
    this.scheduleBeat(true);
  }

  private scheduleBeat(again: boolean): void {
    const every = (this.config.idle_heartbeat ?? 0) / 1e6;
    if (!this.isPush || every === 0) return;
    if (!again && this.beating) return;
    this.beating?.cancel();
    this.beating = this.machine.at(this.machine.now() + every, () => {
      this.beating = undefined;
      if (this.isBound) {
        this.lastActive = this.machine.now();
        this.beat(this.deliverSubject);
      }
      this.scheduleBeat(true);
    });
  }

  private watchInactivity(): void {
    const threshold = (this.config.inactive_threshold ?? 0) / 1e6;
    if (threshold === 0) return;
    this.inactivity = this.machine.at(this.lastActive + threshold, () => {
      const now = this.machine.now();
      if (this.isPush ? this.isBound : this.waiting > 0) this.lastActive = now;
      if (now - this.lastActive >= threshold) this.stream.deleteConsumer(this);
      else this.watchInactivity();
    });
  }
}

function headersOnly(message: StoredMessage): { frame: Buffer; headerSize: number } {
  const block = message.frame.toString('latin1', 0, message.headerSize);
  const size = message.frame.length - 2 - message.headerSize;
  const headers = withHeader(block, 'Nats-Msg-Size', String(size));
  return { frame: Buffer.from(headers + EMPTY_FRAME, 'latin1'), headerSize: headers.length };
}

function pinned(frame: Buffer, headerSize: number, pin: string): { frame: Buffer; headerSize: number } {
  const headers = withHeader(frame.toString('latin1', 0, headerSize), 'Nats-Pin-Id', pin);
  return {
    frame: Buffer.concat([Buffer.from(headers, 'latin1'), frame.subarray(headerSize)]),
    headerSize: headers.length,
  };
}
