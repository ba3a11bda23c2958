import { ApiError } from './api-error';
import { headerOf, withHeader } from './headers';
import type { MessageLog } from './message-log';
import { isTimeZone, readSchedule, type Schedule } from './schedule';
import type { StreamConfig } from './stream-config';
import { SubjectFilter, subjectsCollide, toBytes } from './subject-filter';
import { isPublishSubject } from '../subjects';
import { readTtl } from './ttl';

/** What schedules need of their stream. */
export interface ScheduleStore {
  readonly config: StreamConfig;
  readonly log: MessageLog;
}

const refuse = (errorCode: number, text: string): never => {
  throw new ApiError(400, errorCode, text);
};
const disabled = (): never => refuse(10188, 'message schedules is disabled');

/** The schedule that headers of a stored message say; undefined where they say none. */
export function scheduleOf(headers: string): Schedule | undefined {
  const pattern = headerOf(headers, 'Nats-Schedule');
  return pattern ? readSchedule(pattern, headerOf(headers, 'Nats-Schedule-Time-Zone')) : undefined;
}

/** Checks the headers of a schedule, and gives those that are stored. Throws ApiError. */
export function checkSchedule(stream: ScheduleStore, subject: string, headers: string): string {
  if (!headers.includes('\nNats-Schedule')) return headers;
  const { config } = stream;
  const zone = headerOf(headers, 'Nats-Schedule-Time-Zone');
  const pattern = headerOf(headers, 'Nats-Schedule');
  if ((zone !== undefined || pattern) && !config.allow_msg_schedules) disabled();
  if (zone !== undefined && !isTimeZone(zone)) refuse(10223, 'message schedules time zone is invalid');
  if (pattern && !readSchedule(pattern, zone)) refuse(10189, 'message schedules pattern is invalid');
  checkPurge(stream, subject, headers);
  if (!pattern) return headers;

  const ttl = headerOf(headers, 'Nats-Schedule-TTL');
  if (readTtl(ttl) === 'invalid') refuse(10191, 'message schedules invalid per-message TTL');
  if (!['', 'sub'].includes(headerOf(headers, 'Nats-Schedule-Rollup') ?? '')) wrongRollup();
  if (ttl && !config.allow_msg_ttl) refuse(10166, 'per-message TTL is disabled');
  const target = headerOf(headers, 'Nats-Schedule-Target') ?? '';
  const source = headerOf(headers, 'Nats-Schedule-Source') ?? '';
  const isCaptured = (name: string): boolean => config.subjects.some((own) => subjectsCollide(toBytes(own), name));
  if (!isPublishSubject(target) || target === subject || !isCaptured(target))
    refuse(10190, 'message schedules target is invalid');
  if (source !== '' && (source === target || source === subject || !isPublishSubject(source) || !isCaptured(source)))
    refuse(10203, 'message schedules source is invalid');
  const rollup = headerOf(headers, 'Nats-Rollup');
  if (rollup && rollup !== 'sub') wrongRollup();
  return rollup ? headers : withHeader(headers, 'Nats-Rollup', 'sub');
}

function wrongRollup(): never {
  return refuse(10192, 'message schedules invalid rollup');
}

/** Clients may say with a message that a schedule is done, and nothing else that the server says with its own. */
function checkPurge({ config, log }: ScheduleStore, subject: string, headers: string): void {
  const wrong = (): never => refuse(10212, 'message schedules invalid scheduler');
  const next = headerOf(headers, 'Nats-Schedule-Next');
  const scheduler = headerOf(headers, 'Nats-Scheduler');
  if (!next) {
    if (scheduler) wrong();
    return;
  }
  if (next !== 'purge' || !scheduler || scheduler === subject || !isPublishSubject(scheduler)) wrong();
  if (!config.allow_msg_schedules) disabled();
  const last = log.last(new SubjectFilter([scheduler!]));
  if (last && !headerOf(last.frame.toString('latin1', 0, last.headerSize), 'Nats-Schedule')) wrong();
}
