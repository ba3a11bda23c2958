import { makeStream } from '../contract/event-stream';

/** The stream of all schedules and their ticks. A tick is gone when it has run. */
export const Schedules = makeStream('SCHEDULES', { subjects: ['_schedule.>', '_tick.>'], retention: 'workqueue' });

/** The zone of a schedule's hours, for the server. */
export const TIME_ZONE_HEADER = 'Nats-Schedule-Time-Zone';

/** Says that somebody asked for a run. */
export const TRIGGER_HEADER = 'Natsmith-Trigger';

/** Where a schedule is kept. */
export function definitionSubject(service: string, name: string): string {
  return `_schedule.${service}.${name}`;
}

/** Where its ticks go. */
export function tickSubject(service: string, name: string): string {
  return `_tick.${service}.${name}`;
}
