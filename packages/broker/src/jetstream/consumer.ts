import { AckWait } from './ack-wait';
import { terminate } from './acknowledge';
import type { ConsumerEvent } from './advisories';
import type { Clock } from './clock';
import { type ConsumerConfig, filtersOf } from './consumer-config';
import { ConsumerTimers } from './consumer-timers';
import { Deliveries } from './deliveries';
import { DeliveryLoop } from './delivery-loop';
import { statusBlock } from './headers';
import type { StoredMessage } from './message-log';
import type { Post } from './post';
import { Position } from './position';
import { Priority } from './priority';
import { intake } from './pull-intake';
import { PullQueue } from './pull-queue';
import { Sender } from './sender';
import type { Stream } from './stream';
import { SubjectFilter, toBytes } from './subject-filter';

/** A consumer of a stream: hands its messages to those who ask, or to one subject, and keeps account of them. */
export class Consumer {
  readonly created: number;
  readonly deliveries: Deliveries;
  readonly post: Post;
  readonly clock: Clock;
  /** The machine's own time: pulls and signs of life are between the server and programs that run by it. */
  readonly machine: Clock;
  readonly ackWait: AckWait;
  readonly requests: PullQueue;
  readonly priority: Priority;
  filter: SubjectFilter;
  lastDelivered: number | undefined;
  lastAcknowledged: number | undefined;
  closed = false;
  readonly sender: Sender;
  readonly position: Position;
  readonly timers: ConsumerTimers;
  private readonly loop = new DeliveryLoop(this);

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
    this.filter = new SubjectFilter(filtersOf(config).map(toBytes));
    this.position = new Position(stream, config, this.filter);
    this.deliveries = new Deliveries(this.position.next);
    this.ackWait = new AckWait(this, clock);
    this.requests = new PullQueue(post, machine);
    this.priority = new Priority(this);
    this.sender = new Sender(this, stream.config.name);
    this.timers = new ConsumerTimers(this);
    this.timers.apply();
    this.wake();
  }

  /** The stream's sequence at which it looks for the next new message. */
  get nextSequence(): number {
    return this.position.next;
  }

  /** How many messages from there on are for it. */
  get unseen(): number {
    return this.position.unseen;
  }

  /** How many messages could be delivered at once. */
  get ready(): number {
    return this.position.unseen + this.deliveries.queueLength;
  }

  /** How many requests wait. */
  get waiting(): number {
    if (!this.isPush) this.tidy();
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
      this.position.refilter(this.filter);
      this.stream.dropWithoutInterest();
    }
    this.ackWait.check();
    this.timers.apply();
    this.wake();
  }

  /** Begins anew at a sequence. */
  reset(sequence: number): number {
    this.position.restart(sequence);
    this.deliveries.restart(sequence);
    this.ackWait.stop();
    this.wake();
    return sequence;
  }

  /** The stream has a new message. */
  announce(message: StoredMessage): void {
    if (!this.filter.takes(message.subject)) return;
    this.position.unseen++;
    this.wake();
  }

  /** The stream lost a message. */
  forget(message: StoredMessage): void {
    this.position.forget(message);
    const { sequence } = message;
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
    this.position.skipAll();
    this.deliveries.passTo(this.nextSequence - 1);
  }

  /** Whether a message of its stream is still to be acknowledged, or delivered, here. */
  awaits({ sequence, subject }: StoredMessage): boolean {
    if (!this.filter.takes(subject)) return false;
    if (sequence >= this.nextSequence || this.deliveries.pending.has(sequence)) return true;
    return this.config.ack_policy === 'all' && sequence > this.deliveries.floor.stream;
  }

  /** Whether a message may not be delivered once more; the first time an advisory is published. */
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
    const request = intake(this, reply, body);
    if (typeof request === 'string') return refuse(request);
    if (request === undefined) return;
    this.timers.noteUse();
    this.requests.add(request, this.priority.isOrdered);
    this.wake();
  }

  /** The reader of a push consumer answered a question of flow control. */
  flowAnswered(subject: string): void {
    if (this.sender.flow.answer(subject)) this.wake();
  }

  /** Delivers what can be, soon. */
  wake(): void {
    this.loop.wake();
  }

  /** Ends the requests that are over, and sends the heartbeats that are due. */
  tidy(): void {
    this.loop.tidy();
  }

  advise(event: ConsumerEvent, details: object): void {
    this.stream.surroundings.advisories.consumer(event, this.stream.config.name, this.name, details);
  }

  /** @param isDeleted whether it is deleted, so that waiting requests are ended with that status */
  close(isDeleted = true): void {
    this.closed = true;
    this.ackWait.stop();
    this.priority.stop();
    this.loop.stop();
    this.timers.stop();
    if (isDeleted) this.requests.endAll('409 Consumer Deleted');
  }

  /** Goes by itself, when nobody used it for long. */
  remove(): void {
    this.stream.deleteConsumer(this);
  }
}
