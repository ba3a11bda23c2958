import type { ConsumerInfo } from '@nats-io/jetstream';
import { checkConnection, nameProblem, printable, type Connection } from '@natsmith/protocol';
import { askApi } from '../nats/api';
import { managerOf } from '../nats/manager';
import { storedMessage, type StoredMessage } from '../nats/stored-message';
import { failureIn, isNothing } from '../provision/management-error';
import { SCHEDULE, SCHEDULE_TARGET } from '../publish/prepared-event';
import { publishAcknowledged } from '../publish/publish-acknowledged';
import { definitionSubject, Schedules, tickSubject, TIME_ZONE_HEADER, TRIGGER_HEADER } from './schedule-stream';

/** A schedule as the server keeps it. */
export interface StoredSchedule {
  readonly service: string;
  /** Of the handler. */
  readonly name: string;
  /** As the server has it: six fields, seconds first, or `@every 10s`. */
  readonly pattern: string;
  readonly timeZone: string | undefined;
  /** Where its ticks go: a subject of the same stream. */
  readonly target: string;
  /** Of the message that it is in the stream. */
  readonly sequence: number;
  /** When it was put there. */
  readonly since: Date;
}

/** A schedule, with what has become of its ticks. */
export interface ScheduleStatus extends StoredSchedule {
  /** When an instance was last given a tick; undefined for never. */
  readonly lastTick: Date | undefined;
  /** Ticks that no instance has taken yet. */
  readonly waiting: number;
  /** Runs that have begun and not ended, or that wait for their next attempt. */
  readonly running: number;
}

/** Nobody reads more, and each is a request. */
const MOST = 10_000;
/** Requests at the same time. */
const TOGETHER = 100;

/** Looks after the schedules that a server keeps: lists them, runs one at once, removes those that nobody wants. */
export class ScheduleBook {
  /** @param connection a connection of `nats` 2 or of `@nats-io/transport-node` 3, which stays the caller's */
  constructor(private readonly connection: Connection) {
    checkConnection(connection, 'new ScheduleBook()');
  }

  /** The schedules, in the order of their names; at most 10,000. */
  async list(service?: string): Promise<StoredSchedule[]> {
    if (service !== undefined) checkName('service', service);
    const subjects = await this.definitions(definitionSubject(service ?? '*', '*'));
    const all: StoredSchedule[] = [];
    // Anybody may have put many there, and each is a round trip.
    for (let i = 0; i < subjects.length; i += TOGETHER) {
      const asked = subjects
        .slice(i, i + TOGETHER)
        .map((subject) => storedMessage(this.connection, Schedules.name, { last_by_subj: subject }));
      for (const stored of await Promise.all(asked)) {
        const schedule = stored && scheduleIn(stored);
        if (schedule !== undefined) all.push(schedule);
      }
    }
    return all;
  }

  /** One schedule; undefined where there is none. */
  async get(service: string, name: string): Promise<StoredSchedule | undefined> {
    checkName('service', service);
    checkName('schedule', name);
    const stored = await storedMessage(this.connection, Schedules.name, {
      last_by_subj: definitionSubject(service, name),
    });
    return stored && scheduleIn(stored);
  }

  /** What has become of the ticks of schedules. */
  async status(schedules: readonly StoredSchedule[]): Promise<ScheduleStatus[]> {
    if (schedules.length === 0) return [];
    const consumers = new Map<string, ConsumerInfo>();
    const manager = await managerOf(this.connection);
    for await (const info of manager.consumers.list(Schedules.name)) {
      consumers.set(info.name, info);
      if (consumers.size === MOST) break;
    }
    return schedules.map((schedule) => statusOf(schedule, consumers.get(`${schedule.service}-${schedule.name}`)));
  }

  /**
   * Asks for a run of a schedule's handler now: one instance takes it as it takes a tick, with `ctx.trigger` `'manual'`.
   * It waits for an instance where none is up.
   * @throws Error when there is no such schedule
   */
  async run(service: string, name: string): Promise<void> {
    if ((await this.get(service, name)) === undefined)
      throw new Error(
        `service "${service}" has no schedule "${name}"; "natsmith schedules ls" shows those that there are`,
      );
    await publishAcknowledged(this.connection, tickSubject(service, name), new Uint8Array(0), [
      [TRIGGER_HEADER, 'manual'],
    ]);
  }

  /** Ends a schedule: it ticks no more, and ticks that wait are gone; false where there was none. */
  async remove(service: string, name: string): Promise<boolean> {
    checkName('service', service);
    checkName('schedule', name);
    const { streams, consumers } = await managerOf(this.connection);
    try {
      const { purged } = await streams.purge(Schedules.name, { filter: definitionSubject(service, name) });
      await streams.purge(Schedules.name, { filter: tickSubject(service, name) });
      await consumers.delete(Schedules.name, `${service}-${name}`).catch((error: unknown) => {
        if (failureIn(error).kind !== 'missing') throw error;
      });
      return purged > 0;
    } catch (error) {
      if (failureIn(error).kind === 'missing') return false;
      throw error;
    }
  }

  /** Subjects of definitions that a filter covers, sorted, without those that no schedule of natsmith can have. */
  private async definitions(filter: string): Promise<string[]> {
    try {
      const info = await askApi(this.connection, `STREAM.INFO.${Schedules.name}`, { subjects_filter: filter });
      const { subjects } = ((info as { state?: object } | null)?.state ?? {}) as { subjects?: object };
      return Object.keys(subjects ?? {})
        .filter(isDefinition)
        .sort()
        .slice(0, MOST);
    } catch (error) {
      if (isNothing(error)) return [];
      throw error;
    }
  }
}

/** What a stored message says; undefined for what natsmith has not put there: anybody may write to the stream. */
function scheduleIn({ sequence, subject, headers, time }: StoredMessage): StoredSchedule | undefined {
  const [, service, name] = subject.split('.');
  if (!isDefinition(subject) || service === undefined || name === undefined) return undefined;
  const pattern = headers.get(SCHEDULE);
  const timeZone = headers.get(TIME_ZONE_HEADER);
  if (pattern === undefined) return undefined;
  return {
    service,
    name,
    pattern: printable(pattern, 200),
    timeZone: timeZone === undefined ? undefined : printable(timeZone, 200),
    target: printable(headers.get(SCHEDULE_TARGET) ?? '', 1_024),
    sequence,
    since: time,
  };
}

function isDefinition(subject: string): boolean {
  const [, service, name, more] = subject.split('.');
  return nameProblem(service) === undefined && nameProblem(name) === undefined && more === undefined;
}

function statusOf(schedule: StoredSchedule, info: ConsumerInfo | undefined): ScheduleStatus {
  const last = new Date((info?.delivered as { last_active?: string } | undefined)?.last_active ?? '');
  return {
    ...schedule,
    lastTick: Number.isNaN(last.getTime()) ? undefined : last,
    waiting: countOf(info?.num_pending),
    running: countOf(info?.num_ack_pending),
  };
}

function countOf(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0;
}

/** What stands in a subject is not to reach beyond it. */
function checkName(what: string, name: unknown): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new TypeError(`the name of the ${what} ${problem}`);
}
