import type { AckWait } from './ack-wait';
import type { Clock } from './clock';
import type { ConsumerConfig } from './consumer-config';
import type { ConsumerTimers } from './consumer-timers';
import type { Deliveries } from './deliveries';
import { frameWithHeader, frameWithoutBody, statusBlock } from './headers';
import type { StoredMessage } from './message-log';
import type { Position } from './position';
import type { Post } from './post';
import type { Priority } from './priority';
import type { PullQueue } from './pull-queue';
import type { PullRequest } from './pull-requests';
import { PushFlow } from './push-flow';
import { toBytes } from './subject-filter';
import { nanoseconds } from './time-format';

/** What sending needs of a consumer. */
export interface Sending {
  readonly name: string;
  readonly config: ConsumerConfig;
  readonly isPush: boolean;
  readonly deliverSubject: string;
  readonly nextSequence: number;
  readonly unseen: number;
  readonly position: Position;
  readonly deliveries: Deliveries;
  readonly ackWait: AckWait;
  readonly requests: PullQueue;
  readonly priority: Priority;
  readonly timers: ConsumerTimers;
  readonly post: Post;
  readonly clock: Clock;
  readonly stream: { acknowledged(sequence: number): void };
  lastDelivered: number | undefined;
}

/** What a consumer sends: messages, to whose request they answer or to its one subject, and heartbeats. */
export class Sender {
  readonly flow: PushFlow;
  private readonly ackPrefix: string;

  constructor(
    private readonly consumer: Sending,
    stream: string,
  ) {
    this.flow = new PushFlow(consumer.post, stream, consumer.name);
    this.ackPrefix = toBytes(`$JS.ACK.${stream}.${consumer.name}.`);
  }

  /** Delivers a message, and gives its size; undefined where nobody may have it. */
  send(message: StoredMessage, count: number): number | undefined {
    const { sequence } = message;
    const { consumer } = this;
    const { deliveries, priority } = consumer;
    const isNew = count === 1;
    const unseen = isNew ? Math.max(0, consumer.unseen - 1) : consumer.unseen;
    const consumerSequence = deliveries.delivered.consumer + 1;
    const reply = `${this.ackPrefix}${count}.${sequence}.${consumerSequence}.${nanoseconds(message.time)}.${unseen}`;
    let { frame, headerSize } = consumer.config.headers_only ? frameWithoutBody(message) : message;
    const size = message.subject.length + reply.length + frame.length - 2;
    const request = consumer.isPush ? undefined : priority.take(size);
    if (!consumer.isPush && !request) return undefined;
    const pin = priority.pinId;
    if (request && pin !== '') ({ frame, headerSize } = frameWithHeader({ frame, headerSize }, 'Nats-Pin-Id', pin));

    if (isNew) consumer.position.passed(sequence);
    else {
      deliveries.dequeue(sequence);
      deliveries.repeats.set(sequence, count - 1);
    }
    deliveries.count(sequence);
    const now = consumer.clock.now();
    consumer.lastDelivered = now;
    if (consumer.config.ack_policy === 'none') {
      deliveries.settleAll();
    } else {
      deliveries.track(sequence, consumerSequence, now);
      consumer.ackWait.watch(sequence);
    }
    const to = request ? request.reply : consumer.deliverSubject;
    consumer.post.forward(to, { subject: message.subject, reply, headerSize, frame });
    if (request) this.finish(request, size);
    else if (consumer.config.flow_control) this.flow.count(to, size);
    if (!request) consumer.timers.scheduleBeat();
    consumer.timers.noteUse();
    if (consumer.config.ack_policy === 'none') consumer.stream.acknowledged(sequence);
    return size;
  }

  private finish(request: PullRequest, size: number): void {
    const { requests, priority, post } = this.consumer;
    request.left--;
    request.delivered++;
    if (request.bytes > 0) {
      request.bytes -= size;
      if (request.bytes === 0) request.left = 0;
    }
    if (request.left > 0) {
      requests.putBack(request, priority.isOrdered);
    } else if (request.bytes > 0) {
      const left = [
        ['Nats-Pending-Messages', 0],
        ['Nats-Pending-Bytes', request.bytes],
      ] as const;
      post.send(request.reply, '', statusBlock('409 Batch Completed', left));
    }
  }

  /** Sends a heartbeat, with how far the consumer is. */
  beat(to: string): void {
    const { consumer } = this;
    const headers: [string, string | number][] = [
      ['Nats-Last-Consumer', consumer.deliveries.delivered.consumer],
      ['Nats-Last-Stream', consumer.nextSequence - 1],
    ];
    if (consumer.config.flow_control && this.flow.open !== undefined)
      headers.push(['Nats-Consumer-Stalled', this.flow.open]);
    consumer.post.send(to, '', statusBlock('100 Idle Heartbeat', headers));
  }
}
