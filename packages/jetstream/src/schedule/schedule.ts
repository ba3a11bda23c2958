import { markHandler, type HandlerDecorator } from '@natsmith/core';
import type { ScheduleContext, ScheduleMark, ScheduleOptions } from './schedule-context';
import { scheduleSource } from './schedule-source';

/**
 * Runs a method by a schedule of the server: `(undefined, ctx) => …`, once for each tick over all instances. Needs
 * nats-server 2.14. Runs never overlap; of ticks that wait only the newest runs.
 * @param pattern five fields (`0 5 * * *`: minute, hour, day of month, month, day of week), six with seconds first,
 * `@hourly` and the like, or `@every 10s`
 */
export function Schedule(
  pattern: string,
  options: ScheduleOptions = {},
): HandlerDecorator<(payload: undefined, ctx: ScheduleContext) => unknown> {
  return (...[target, place]) => {
    const mark: ScheduleMark = { pattern, options };
    markHandler(target, place, scheduleSource, mark);
  };
}
