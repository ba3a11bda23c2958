import { ApiError } from './api-error';
import { headerOf } from './headers';
import type { MessageLog } from './message-log';
import type { StreamConfig } from './stream-config';

/** What schedules need of their stream. */
export interface ScheduleStore {
  readonly config: StreamConfig;
  readonly log: MessageLog;
}

/** Checks the headers of a schedule, and gives those that are stored. Throws ApiError. */
export function checkSchedule(_stream: ScheduleStore, _subject: string, headers: string): string {
  if (!headers.includes('\nNats-Schedule')) return headers;
  if (headerOf(headers, 'Nats-Schedule')) throw new ApiError(400, 10188, 'message schedules is disabled');
  return headers;
}
