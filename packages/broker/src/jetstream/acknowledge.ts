import type { Publication } from '../operations';
import type { AckWait } from './ack-wait';
import type { ConsumerEvent } from './advisories';
import type { Clock } from './clock';
import type { Deliveries } from './deliveries';
import type { Post } from './post';
import { parseDuration } from './time-format';

/** What acknowledgements need of a consumer. */
export interface Acknowledged {
  readonly config: { readonly ack_policy: 'none' | 'all' | 'explicit'; readonly ack_wait?: number };
  readonly stream: { acknowledged(sequence: number): void };
  readonly deliveries: Deliveries;
  readonly nextSequence: number;
  readonly isFull: boolean;
  readonly clock: Clock;
  readonly post: Post;
  readonly ackWait: AckWait;
  lastAcknowledged: number | undefined;
  advise(event: ConsumerEvent, details: object): void;
  /** A client asks for messages. */
  request(reply: string, body: Buffer): void;
  wake(): void;
}

const MAX_REASON = 4096;

/** What the subject of an acknowledgement says about its delivery. */
export interface AckSubject {
  readonly stream: string;
  readonly consumer: string;
  readonly deliveries: number;
  readonly sequence: number;
  readonly consumerSequence: number;
}

/** Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<time>.<pending>`. */
export function readAckSubject(subject: string): AckSubject | undefined {
  const tokens = subject.split('.');
  if (tokens.length !== 9) return undefined;
  const [deliveries, sequence, consumerSequence] = tokens.slice(4, 7).map(Number) as [number, number, number];
  if (![deliveries, sequence, consumerSequence].every((number) => Number.isSafeInteger(number) && number > 0))
    return undefined;
  return { stream: tokens[2]!, consumer: tokens[3]!, deliveries, sequence, consumerSequence };
}

/** Does what a client says of a delivered message, and confirms it where the client asks. */
export function acknowledge(consumer: Acknowledged, ack: AckSubject, { frame, headerSize, reply }: Publication): void {
  const body = frame.subarray(headerSize, frame.length - 2);
  const word = body.length === 0 ? '' : body.toString('latin1', 0, 5);
  let confirms = true;
  if (word === '' || body.equals(ACK) || body.equals(OK)) {
    confirms = settle(consumer, ack);
  } else if (word.startsWith('+NXT')) {
    settle(consumer, ack);
    if (reply !== undefined) consumer.request(reply, body.subarray(4));
    return;
  } else if (word.startsWith('-NAK')) {
    refuse(consumer, ack, body.toString('utf8', 4).trim());
  } else if (body.equals(PROGRESS)) {
    const delivery = consumer.deliveries.pending.get(ack.sequence);
    if (delivery) delivery.time = consumer.clock.now();
  } else if (word.startsWith('+TERM')) {
    confirms = terminate(consumer, ack, body.toString('utf8', 5, 5 + MAX_REASON).trim());
  }
  if (confirms && reply !== undefined) consumer.post.send(reply, '');
}

/** Ends a message with an advisory that says why. Gives whether it could be. */
export function terminate(
  consumer: Acknowledged,
  ack: Omit<AckSubject, 'stream' | 'consumer'>,
  reason: string,
): boolean {
  const settled = settle(consumer, ack);
  consumer.advise('MSG_TERMINATED', {
    consumer_seq: ack.consumerSequence,
    stream_seq: ack.sequence,
    deliveries: ack.deliveries,
    ...(reason === '' ? {} : { reason }),
  });
  return settled;
}

const ACK = Buffer.from('+ACK');
const OK = Buffer.from('+OK');
const PROGRESS = Buffer.from('+WPI');

function settle(
  consumer: Acknowledged,
  { sequence, consumerSequence }: Omit<AckSubject, 'stream' | 'consumer'>,
): boolean {
  const { deliveries, config } = consumer;
  if (sequence >= consumer.nextSequence) return false;
  const wasFull = consumer.isFull;
  let done: number[];
  if (config.ack_policy === 'explicit') {
    done = deliveries.settle(sequence) ? [sequence] : [];
  } else if (config.ack_policy === 'all') {
    done = deliveries.settleUpTo(sequence, consumerSequence);
  } else {
    return false;
  }
  if (done.length > 0) consumer.lastAcknowledged = consumer.clock.now();
  for (const one of done) consumer.stream.acknowledged(one);
  if (wasFull) consumer.wake();
  return true;
}

function refuse(consumer: Acknowledged, ack: AckSubject, argument: string): void {
  const { deliveries, clock } = consumer;
  if (ack.consumerSequence <= deliveries.floor.consumer || ack.consumerSequence > deliveries.delivered.consumer) return;
  const delivery = deliveries.pending.get(ack.sequence);
  if (!delivery) return;
  consumer.advise('MSG_NAKED', {
    consumer_seq: ack.consumerSequence,
    stream_seq: ack.sequence,
    deliveries: ack.deliveries,
  });
  const delay = argument === '' ? undefined : readDelay(argument);
  if (delay === undefined) {
    deliveries.enqueue(ack.sequence);
    consumer.wake();
    return;
  }
  deliveries.dequeue(ack.sequence);
  delivery.time = clock.now() - (consumer.config.ack_wait ?? 0) / 1e6 + delay;
  consumer.ackWait.watch(ack.sequence);
}

/** ms; undefined for what nats-server takes for a plain refusal. */
function readDelay(argument: string): number | undefined {
  if (!argument.startsWith('{')) return parseDuration(argument);
  try {
    const { delay = 0 } = JSON.parse(argument) as { delay?: unknown };
    return Number.isFinite(delay) ? Math.max(0, Number(delay) / 1e6) : undefined;
  } catch {
    return undefined;
  }
}
