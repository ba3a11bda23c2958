import { setTimeout as delay } from 'node:timers/promises';
import {
  ConnectionEvents,
  inboxPrefixOf,
  PermissionError,
  randomToken,
  type Connection,
  type Message,
  type Subscription,
} from '@natsmith/protocol';
import { deliveryOf, replyBytes } from '../nats/delivery';
import { durationOf, nanosecondsOf } from '../nats/duration';
import { managerOf } from '../nats/manager';
import { statusOf } from '../nats/status';
import { failureIn } from '../provision/management-error';
import { operationOf, type Change } from './change';
import { ChangeReporter } from './change-reporter';

/** What a follower reports. */
export interface FollowerEvents {
  /** Called for one change after the other; the next waits for the promise. */
  onChange(change: Change): unknown;
  /** The bucket cannot be followed for now; it is tried again. */
  onLost(error: Error): void;
  /** It is followed again, and at its present state. */
  onRestored(): void;
}

/** Changes that are asked for at once. */
const BATCH = 200;
const EXPIRES = 30_000;
const HEARTBEAT = 5_000;
/** Without a heartbeat for so long, the pull is taken for lost. */
const SILENCE = 2 * HEARTBEAT + 1_000;
/** How long the server keeps the consumer of a watcher that is gone. */
const INACTIVE = '1m';
const FIRST_RETRY = 100;
const LAST_RETRY = 5_000;

/**
 * Follows the values of a bucket's keys: those that are there, then each change in order. What may have been missed, by a
 * reconnect, a server that was killed or a consumer that is gone, is read again from the bucket's present state, and only
 * what differs is reported. It has one consumer at a time, by one name.
 */
export class BucketFollower {
  private readonly reporter: ChangeReporter;
  private readonly consumer = `watch-${randomToken()}`;
  private readonly stream: string;
  private readonly stopListening: () => void;
  /** Grows with each attachment: what belongs to an earlier one does not count any more. */
  private epoch = 0;
  private inbox: Subscription | undefined;
  private inboxSubject = '';
  private timer: NodeJS.Timeout | undefined;
  private deliveries = 0;
  /** Messages that the present pull may still bring. */
  private asked = 0;
  /** Initial values that have not come yet; 0 when the state is complete. */
  private missing = 0;
  /** The server may know the consumer. */
  private hasConsumer = false;
  private isLost = false;
  /** Milliseconds before the next attempt; grows with each that the server does not answer with changes or heartbeats. */
  private wait = 0;
  private hasStopped = false;
  private whenForbidden: ((error: PermissionError) => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly bucket: string,
    /** Of the bucket's stream: `$KV.config.limits.*`. */
    private readonly filter: string,
    private readonly events: FollowerEvents,
    /** Says on the server whose consumer it is. */
    private readonly metadata: Readonly<Record<string, string>>,
  ) {
    this.stream = `KV_${bucket}`;
    this.reporter = new ChangeReporter(`$KV.${bucket}.`, {
      onChange: (change) => events.onChange(change),
      onReported: () => this.pullAgain(),
    });
    this.stopListening = ConnectionEvents.of(connection).listen((event) => {
      if (event.type === 'reconnected') {
        this.wait = 0;
        void this.attach();
      } else if (event.type === 'violation' && event.operation === 'publish' && event.subject === this.pullSubject)
        this.forbid(new PermissionError('publish', event.subject));
    });
  }

  /**
   * Resolves when the values that are there have been reported.
   * @throws what the first attempt fails with
   */
  async start(): Promise<void> {
    const forbidden = new Promise<never>((_, reject) => (this.whenForbidden = reject));
    forbidden.catch(() => undefined); // it may come before somebody waits for it
    await this.attachOnce(++this.epoch);
    await Promise.race([this.reporter.started, forbidden]);
  }

  /** Leaves the bucket; resolves when the server knows. What is being reported is finished. */
  async stop(): Promise<void> {
    if (this.hasStopped) return;
    this.hasStopped = true;
    this.epoch++;
    this.leave();
    this.stopListening();
    this.reporter.stop();
    if (!this.connection.isClosed())
      await managerOf(this.connection)
        .then((manager) => manager.consumers.delete(this.stream, this.consumer))
        .catch(() => undefined); // the server forgets it by itself
  }

  private get pullSubject(): string {
    return `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.consumer}`;
  }

  get isStopped(): boolean {
    return this.hasStopped;
  }

  private async attach(): Promise<void> {
    const epoch = ++this.epoch;
    this.leave();
    for (;;) {
      if (this.wait > 0) await delay(this.wait, undefined, { ref: false });
      if (this.epoch !== epoch || this.hasStopped) return;
      this.wait = Math.min(Math.max(this.wait * 2, FIRST_RETRY), LAST_RETRY);
      try {
        await this.attachOnce(epoch);
        return;
      } catch (error) {
        if (this.epoch !== epoch) return;
        this.lose(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  private async attachOnce(epoch: number): Promise<void> {
    this.leave();
    const { consumers } = await managerOf(this.connection);
    if (this.hasConsumer) await consumers.delete(this.stream, this.consumer).catch(ignoreMissing);
    if (this.epoch !== epoch) return;
    this.hasConsumer = true;
    const { num_pending } = await consumers.add(this.stream, {
      name: this.consumer,
      filter_subject: this.filter,
      deliver_policy: 'last_per_subject',
      ack_policy: 'none',
      replay_policy: 'instant',
      inactive_threshold: durationOf(INACTIVE),
      mem_storage: true,
      num_replicas: 1,
      metadata: this.metadata,
    });
    if (this.epoch !== epoch) return;
    this.deliveries = 0;
    this.missing = num_pending;
    this.reporter.beginReading();
    this.listen(epoch);
    this.pull();
    if (num_pending === 0) this.complete();
  }

  private listen(epoch: number): void {
    this.inboxSubject = `${inboxPrefixOf(this.connection)}.${randomToken()}`;
    this.inbox = this.connection.subscribe(this.inboxSubject, {
      callback: (error: Error | null, message: Message) => {
        if (this.epoch !== epoch) return;
        if (error !== null) this.fail(error);
        else this.onMessage(message);
      },
    });
  }

  /** Ends the present attachment on this side. */
  private leave(): void {
    clearTimeout(this.timer);
    if (this.inbox?.isClosed() === false) this.inbox.unsubscribe();
    this.inbox = undefined;
  }

  private pull(): void {
    this.asked = BATCH;
    const request = { batch: BATCH, expires: nanosecondsOf(EXPIRES), idle_heartbeat: nanosecondsOf(HEARTBEAT) };
    try {
      this.connection.publish(this.pullSubject, Buffer.from(JSON.stringify(request)), { reply: this.inboxSubject });
    } catch {
      return; // the connection is closed, and the host with it
    }
    this.awaitSign();
  }

  private awaitSign(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(new Error(`the server is silent for ${SILENCE} ms`)), SILENCE).unref();
  }

  /** The pull is answered. */
  private hear(): void {
    this.wait = 0;
    this.awaitSign();
  }

  private onMessage(message: Message): void {
    const status = statusOf(message);
    if (status !== undefined) return this.onStatus(status.code, status.description);
    const delivery = deliveryOf(replyBytes(message));
    const prefix = `$KV.${this.bucket}.`;
    if (delivery?.stream !== this.stream || delivery.consumer !== this.consumer) return;
    if (!message.subject.startsWith(prefix)) return;
    if (delivery.delivery !== ++this.deliveries) return this.fail(new Error('a change was lost on its way'));
    this.hear();
    const key = message.subject.slice(prefix.length);
    const isInitial = this.missing > 0;
    this.reporter.add({
      key,
      revision: delivery.sequence,
      operation: operationOf(message),
      time: delivery.time,
      initial: isInitial && this.reporter.isStarting,
      message,
    });
    if (isInitial && (--this.missing === 0 || delivery.pending === 0)) this.complete();
    this.asked--;
    this.pullAgain();
  }

  /** Asks for more when all has come; while the handler is behind, the bucket waits with what it has. */
  private pullAgain(): void {
    if (this.asked > 0 || this.inbox === undefined) return;
    if (this.reporter.waiting < BATCH) this.pull();
    else clearTimeout(this.timer);
  }

  private onStatus(code: number, description: string): void {
    if (code === 100 || code === 408 || code === 404) {
      this.hear();
      // Nothing has come for a while: what was there in the beginning has been deleted since.
      if (this.missing > 0) this.complete();
      if (code === 100) return;
      this.asked = 0;
      return this.pullAgain();
    }
    this.fail(new Error(`the server has ended the watch: ${code} ${description}`));
  }

  /** Nothing comes as long as the user lacks the permission to pull. */
  private forbid(error: PermissionError): void {
    this.whenForbidden?.(error);
    this.fail(error);
  }

  private fail(error: Error): void {
    if (this.hasStopped) return;
    this.lose(error);
    void this.attach();
  }

  private lose(error: Error): void {
    if (this.isLost) return;
    this.isLost = true;
    this.events.onLost(error);
  }

  /** The bucket's state has been read. */
  private complete(): void {
    this.missing = 0;
    this.reporter.endReading();
    if (!this.isLost) return;
    this.isLost = false;
    this.events.onRestored();
  }
}

function ignoreMissing(error: unknown): void {
  if (failureIn(error).kind !== 'missing') throw error;
}
