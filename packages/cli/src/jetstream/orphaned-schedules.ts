import { type ScheduleBook, type StoredSchedule, type StreamDifference } from '@natsmith/jetstream';
import type { ServiceSchedules } from './declarations';

/** The schedules of a program's services that no class of it names any more: they go on ticking. */
export async function orphanedSchedules(
  book: ScheduleBook,
  services: readonly ServiceSchedules[],
): Promise<StoredSchedule[]> {
  const named = new Map<string, Set<string>>();
  for (const { service, schedules } of services)
    named.set(service, new Set([...(named.get(service) ?? []), ...schedules]));
  const orphans: StoredSchedule[] = [];
  for (const [service, names] of named)
    for (const stored of await book.list(service)) if (!names.has(stored.name)) orphans.push(stored);
  return orphans;
}

/** As a difference of the stream that keeps it. */
export function differenceOf({ service, name, pattern }: StoredSchedule): StreamDifference {
  return {
    stream: 'SCHEDULES',
    field: 'schedule',
    wanted: 'none',
    found: `${name} of ${service}: ${pattern}`,
    kind: 'shrink',
  };
}
