import {
  checkConnection,
  checkedElsewhere,
  checkOptions,
  headerBlock,
  millisecondsOf,
  durationProblem,
  MAX_TIMER,
  errorNamed,
  type Connection,
  type Duration,
  type Event,
  type EventPublisher,
  type OptionRules,
  type Publishable,
  type PublishArgs,
  type PublishContext,
  type Sent,
} from '@natsmith/protocol';
import { versionProblem } from '../nats/server-version';
import type { PublishReceipt } from './acknowledgement';
import {
  lineOf,
  MESSAGE_ID,
  outgoing,
  prepared,
  resumed,
  SCHEDULE,
  SCHEDULE_TARGET,
  TTL,
  type JetStreamPublishOptions,
  type Outgoing,
  type PreparedEvent,
} from './prepared-event';
import { NO_PROPAGATION, propagationOf, type Propagation } from './propagation';
import { NO_TTL, PublishError, UnacknowledgedError } from './publish-error';
import { ObservedPublish, publishChannel } from './publish-operation';
import { Publication } from './publication';
import { PublishWindow } from './publish-window';
import { ScheduleSubjects } from './schedule';

/** What a publisher takes besides its connection. */
export interface JetStreamPublisherOptions {
  /** How long an acknowledgement is waited for; default 5 s. */
  readonly timeout?: Duration;
}

const PUBLISHER_OPTIONS: OptionRules<JetStreamPublisherOptions> = { timeout: checkedElsewhere };
const DEFAULT_TIMEOUT = 5_000;

/**
 * Publishes events to the streams that store their subjects, and waits for their acknowledgements; many may be under way
 * at once.
 *
 * ```ts
 * const publisher = new JetStreamPublisher(connection);
 * await publisher.publish(OrderPlaced, order, { params: { id: order.id }, messageId: order.id });
 * ```
 */
export class JetStreamPublisher implements EventPublisher<JetStreamPublishOptions, PublishReceipt> {
  private readonly window: PublishWindow;
  private readonly schedules: ScheduleSubjects;
  private readonly timeout: number;
  private propagation: Propagation = NO_PROPAGATION;

  /** @param connection a connection of `nats` 2 or of `@nats-io/transport-node` 3, which stays the caller's */
  constructor(
    private readonly connection: Connection,
    options: JetStreamPublisherOptions = {},
  ) {
    checkConnection(connection, 'new JetStreamPublisher()');
    checkOptions(options, PUBLISHER_OPTIONS, 'new JetStreamPublisher()');
    const { timeout = DEFAULT_TIMEOUT } = options;
    const problem = durationProblem(timeout);
    if (problem !== undefined) throw new TypeError(`timeout ${problem}`);
    this.timeout = Math.min(millisecondsOf(timeout), MAX_TIMER);
    this.window = PublishWindow.of(connection);
    this.schedules = new ScheduleSubjects(connection);
  }

  /**
   * Checks the payload, publishes the event and resolves when a stream has stored it. What is published in one turn of the
   * event loop goes out together. While the connection is cut off, it waits for the next one, up to the timeout; what was
   * under way at that moment is sent again where it has a `messageId`.
   * @throws ServiceError 400 with the violations, before anything is sent
   * @throws PublishError when no stream stores the subject (503), the stream refuses it, or `at` is not possible there
   * @throws UnacknowledgedError when it may be stored, or not
   * @throws PermissionError when the server forbids it
   */
  async publish<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...[options]: PublishArgs<E, JetStreamPublishOptions>
  ): Promise<PublishReceipt> {
    return this.sendObserved(await outgoing(event, payload, options, this.propagation), event.subject);
  }

  /**
   * Checks the payload and encodes the event, for a table that is written in one transaction with what the event is about.
   * Nothing is sent, and no connection is needed.
   * @throws ServiceError 400 with the violations
   */
  async prepare<E extends Event>(
    event: E & Publishable<E>,
    payload: Sent<E>,
    ...[options]: PublishArgs<E, JetStreamPublishOptions>
  ): Promise<PreparedEvent> {
    return prepared(await outgoing(event, payload, options, this.propagation));
  }

  /**
   * Publishes what was prepared, and resolves when a stream has stored it.
   * @throws what `publish` throws
   */
  async send(event: PreparedEvent): Promise<PublishReceipt> {
    return this.sendObserved(resumed(event), undefined);
  }

  /**
   * A publisher that carries on the trace of a request or event, and whose publishes end with the request's deadline
   * (`ServiceError` 504) and signal.
   */
  with(ctx: PublishContext): JetStreamPublisher {
    const publisher = Object.create(JetStreamPublisher.prototype) as JetStreamPublisher;
    return Object.assign(publisher, this, { propagation: propagationOf(ctx) });
  }

  /** Tells who listens of it. @param template of the event, where it is known */
  private sendObserved(event: Outgoing, template: string | undefined): Promise<PublishReceipt> {
    if (!publishChannel.hasSubscribers) return this.sendOutgoing(event);
    const operation = new ObservedPublish(event.subject, template, event.lines);
    return operation.run((lines) => this.sendOutgoing({ ...event, lines }));
  }

  private async sendOutgoing({ subject: target, lines, body }: Outgoing): Promise<PublishReceipt> {
    const { expiresAt: deadline, signal } = this.propagation;
    const now = performance.now();
    const isBound = deadline < now + this.timeout;
    const onTimeout = (): Error =>
      isBound ? errorNamed('timeout') : new UnacknowledgedError(target, `no acknowledgement within ${this.timeout} ms`);
    if (deadline <= now) throw onTimeout();
    if (lines.length > 0 && lineOf(lines, TTL) !== undefined) {
      const tooOld = versionProblem(this.connection, 'ttl', '2.11');
      if (tooOld !== undefined)
        throw new PublishError(target, NO_TTL, `${tooOld}, which would keep the event for ever`);
    }
    let subject = target;
    const schedule = lines.length > 0 ? lineOf(lines, SCHEDULE) : undefined;
    // `@every` and patterns belong to subjects of their own; `prepare` makes `@at` alone.
    if (schedule?.startsWith('@at ') === true && lineOf(lines, SCHEDULE_TARGET) === target) {
      subject = await this.schedules.subjectFor(target, schedule.slice('@at '.length));
    }
    const block = lines.length > 0 ? headerBlock(lines) : undefined;
    const isRepeatable = lines.length > 0 && lines.some(([name]) => name === MESSAGE_ID);
    const expiresAt = isBound ? deadline : now + this.timeout;
    return this.window.publish(new Publication(subject, body, block, isRepeatable, now, expiresAt, onTimeout, signal));
  }
}
