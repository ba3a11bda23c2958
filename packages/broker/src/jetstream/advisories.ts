import { randomBytes } from 'node:crypto';
import type { Clock } from './clock';
import type { Post } from './post';
import { toBytes } from './subject-filter';
import { formatTime } from './time-format';

/** What happens to a message of a consumer and is published as an advisory. */
export type ConsumerEvent = 'MAX_DELIVERIES' | 'MSG_TERMINATED' | 'MSG_NAKED' | 'PAUSE' | 'PINNED' | 'UNPINNED';

const TYPES: Record<ConsumerEvent, string> = {
  MAX_DELIVERIES: 'max_deliver',
  MSG_TERMINATED: 'terminated',
  MSG_NAKED: 'nak',
  PAUSE: 'consumer_pause',
  PINNED: 'consumer_group_pinned',
  UNPINNED: 'consumer_group_unpinned',
};

/** Tells of consumers under `$JS.EVENT.ADVISORY`, where somebody listens. */
export class Advisories {
  constructor(
    private readonly post: Post,
    private readonly clock: Clock,
  ) {}

  consumer(event: ConsumerEvent, stream: string, consumer: string, details: object): void {
    const subject = toBytes(`$JS.EVENT.ADVISORY.CONSUMER.${event}.${stream}.${consumer}`);
    if (!this.post.hasInterest(subject)) return;
    const advisory = {
      type: `io.nats.jetstream.advisory.v1.${TYPES[event]}`,
      id: randomBytes(11).toString('hex'),
      timestamp: formatTime(this.clock.now()),
      stream,
      consumer,
      ...details,
    };
    this.post.send(subject, JSON.stringify(advisory));
  }
}
