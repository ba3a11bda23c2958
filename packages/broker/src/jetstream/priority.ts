import { randomBytes } from 'node:crypto';
import type { Alarm, Clock } from './clock';
import type { ConsumerEvent } from './advisories';
import type { ConsumerConfig } from './consumer-config';
import type { Deliveries } from './deliveries';
import type { Post } from './post';
import type { PullQueue } from './pull-queue';
import { endBlock, type PullRequest } from './pull-requests';

/** What priorities need of a consumer. */
export interface Prioritizing {
  readonly config: ConsumerConfig;
  readonly requests: PullQueue;
  readonly deliveries: Deliveries;
  readonly unseen: number;
  readonly clock: Clock;
  readonly post: Post;
  advise(event: ConsumerEvent, details: object): void;
  wake(): void;
}

/** Which of the requests at a pull consumer is served: each in turn, or by the rules of its priority group. */
export class Priority {
  /** The client that has all messages for now; empty for none. */
  pinId = '';
  pinnedSince: number | undefined;
  private losing: Alarm | undefined;

  constructor(private readonly consumer: Prioritizing) {}

  /** Whether requests are served by their number. */
  get isOrdered(): boolean {
    return this.policy === 'prioritized';
  }

  /** The status with which a request is refused; undefined if it is not. */
  refusalOf(request: PullRequest): string | undefined {
    const { policy } = this;
    if ((request.minPending !== 0 || request.minAckPending !== 0) && policy !== 'overflow')
      return '400 Bad Request - Not a Overflow Priority consumer';
    if (request.pinId !== '' && policy !== 'pinned_client')
      return '400 Bad Request - Not a Pinned Client Priority consumer';
    if (request.priority < 0 || request.priority > 9) return '400 Bad Request - Priority must be between 0 and 9';
    if (policy === 'none') return undefined;
    if (request.group === '') return '400 Bad Request - Priority Group missing';
    if (!this.consumer.config.priority_groups?.includes(request.group))
      return '400 Bad Request - Invalid Priority Group';
    if (this.pinId === '') return undefined;
    if (request.pinId === this.pinId) this.keep();
    else if (request.pinId !== '') return '423 Nats-Pin-Id mismatch';
    return undefined;
  }

  /** The request that gets a message of this size. */
  take(size: number): PullRequest | undefined {
    const { requests } = this.consumer;
    const { policy } = this;
    if (policy === 'overflow') return requests.take(size, (request) => (this.overflows(request) ? 'take' : 'next'));
    if (policy !== 'pinned_client') return requests.take(size, () => 'take');
    const request = requests.take(size, (one) => this.pinned(one));
    if (request && this.pinId === '') this.pin(request);
    return request;
  }

  /** Takes the pin away. Gives whether there was one. */
  unpin(reason: 'admin' | 'timeout'): boolean {
    const hadOne = this.pinId !== '';
    this.stop();
    this.pinId = '';
    this.pinnedSince = undefined;
    if (hadOne) this.consumer.advise('UNPINNED', { group: this.group, reason });
    this.consumer.wake();
    return hadOne;
  }

  stop(): void {
    this.losing?.cancel();
    this.losing = undefined;
  }

  private get policy(): 'none' | 'overflow' | 'pinned_client' | 'prioritized' {
    return this.consumer.config.priority_policy ?? 'none';
  }

  private get group(): string {
    return this.consumer.config.priority_groups?.[0] ?? '';
  }

  private overflows({ minPending, minAckPending }: PullRequest): boolean {
    const { unseen, deliveries } = this.consumer;
    if (minPending <= 0 && minAckPending <= 0) return true;
    return (minPending > 0 && minPending <= unseen) || (minAckPending > 0 && minAckPending <= deliveries.pending.size);
  }

  private pinned(request: PullRequest): 'take' | 'next' | 'end' {
    if (request.pinId === this.pinId) return 'take';
    if (request.pinId === '') return 'next';
    this.consumer.post.send(request.reply, '', endBlock('423 Nats-Wrong-Pin-Id', request));
    return 'end';
  }

  private pin(request: PullRequest): void {
    this.pinId = request.pinId = randomBytes(11).toString('hex');
    this.pinnedSince = this.consumer.clock.now();
    this.keep();
    this.consumer.advise('PINNED', { group: request.group, pinned_id: this.pinId });
  }

  private keep(): void {
    this.stop();
    const { clock, config } = this.consumer;
    this.losing = clock.at(clock.now() + (config.priority_timeout ?? 0) / 1e6, () => this.unpin('timeout'));
  }
}
