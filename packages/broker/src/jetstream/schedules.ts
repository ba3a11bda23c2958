import type { Append } from './append';
import type { Alarm, Clock } from './clock';
import { headerOf, withHeader, withoutHeaders } from './headers';
import type { MessageLog, StoredMessage } from './message-log';
import { scheduleOf } from './schedule-headers';
import { SubjectFilter } from './subject-filter';
import { formatTime } from './time-format';
import { readTtl, type Ttl } from './ttl';

/** What schedules need of their stream. */
export interface Scheduling {
  readonly log: MessageLog;
  readonly append: Append;
  purge(filter: SubjectFilter): number;
}

const NOT_CARRIED = new Set(['Nats-Msg-Id', 'Nats-TTL', 'Nats-Rollup']);

/** The schedules of a stream by their subjects: each a message that has others stored at its times. */
export class Schedules {
  private readonly alarms = new Map<string, Alarm>();

  constructor(
    private readonly stream: Scheduling,
    private readonly clock: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** A message was stored: it is a schedule, or takes the place of one on its subject. */
  stored(message: StoredMessage, headers: string): void {
    const schedule = headers === '' ? undefined : scheduleOf(headers);
    if (schedule) this.set(message, schedule.next(message.time, this.clock.now()));
    else if (this.alarms.size > 0 && !headerOf(headers, 'Nats-Scheduler')) this.remove(message.subject);
    if (headers !== '' && headerOf(headers, 'Nats-Schedule-Next') === 'purge')
      this.stream.purge(new SubjectFilter([headerOf(headers, 'Nats-Scheduler') ?? '']));
  }

  stop(): void {
    for (const alarm of this.alarms.values()) alarm.cancel();
    this.alarms.clear();
  }

  private set(message: StoredMessage, due: number): void {
    this.remove(message.subject);
    if (due === Infinity) return;
    const alarm = this.clock.at(due, () => {
      this.alarms.delete(message.subject);
      try {
        this.fire(message, due);
      } catch (error) {
        this.failed(error);
      }
    });
    this.alarms.set(message.subject, alarm);
  }

  private remove(subject: string): void {
    this.alarms.get(subject)?.cancel();
    this.alarms.delete(subject);
  }

  private fire(message: StoredMessage, due: number): void {
    const { log } = this.stream;
    if (log.get(message.sequence) !== message) return;
    const own = message.frame.toString('latin1', 0, message.headerSize);
    const schedule = scheduleOf(own);
    if (!schedule) return;
    const next = schedule.repeats ? schedule.next(due, this.clock.now()) : undefined;
    const source = headerOf(own, 'Nats-Schedule-Source');
    const content = (source ? log.lastOf(source) : undefined) ?? message;
    const ttl = headerOf(own, 'Nats-Schedule-TTL');
    const rollup = headerOf(own, 'Nats-Schedule-Rollup');

    const carried = withoutHeaders(
      content.frame.toString('latin1', 0, content.headerSize),
      (name) => NOT_CARRIED.has(name) || name.startsWith('Nats-Schedule') || name.startsWith('Nats-Expected-'),
    );
    let headers = withHeader(carried, 'Nats-Scheduler', message.subject);
    headers = withHeader(headers, 'Nats-Schedule-Next', next === undefined ? 'purge' : formatTime(next));
    if (ttl) headers = withHeader(headers, 'Nats-TTL', ttl);
    if (rollup) headers = withHeader(headers, 'Nats-Rollup', rollup);
    const frame = Buffer.concat([Buffer.from(headers, 'latin1'), content.frame.subarray(content.headerSize)]);
    const target = headerOf(own, 'Nats-Schedule-Target') ?? '';
    if (next !== undefined) this.set(message, next);
    this.stream.append(target, headers.length, frame, readTtl(ttl) as Ttl, '', rollup === 'sub' ? 'sub' : undefined);
  }
}
