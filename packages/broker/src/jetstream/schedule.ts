import { CronPattern } from './cron';
import { parseDuration, parseTime } from './time-format';

/** When a schedule is due, by its pattern. */
export interface Schedule {
  readonly repeats: boolean;
  /** The first time after another, in ms, or after the present, if that is later. */
  next(after: number, now: number): number;
}

const SECOND = 1000;

/** Reads `@at <time>`, `@every <duration>` and cron patterns; undefined for what nats-server refuses. */
export function readSchedule(pattern: string, zone: string | undefined): Schedule | undefined {
  if (pattern.startsWith('@at ')) {
    const at = parseTime(pattern.slice(4));
    return zone === undefined && at !== undefined ? { repeats: false, next: () => at } : undefined;
  }
  if (pattern.startsWith('@every ')) {
    const every = parseDuration(pattern.slice(7));
    return zone === undefined && every !== undefined && every >= SECOND ? interval(every) : undefined;
  }
  const cron = CronPattern.read(pattern, zone ?? 'UTC');
  if (cron?.next(0) === undefined) return undefined;
  return {
    repeats: true,
    next: (after, now) => {
      const next = cron.next(after) ?? Infinity;
      return next >= now ? next : (cron.next(toSecond(now)) ?? Infinity);
    },
  };
}

/** Whether there is a time zone of this name. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}

function interval(every: number): Schedule {
  return {
    repeats: true,
    next: (after, now) => {
      const next = toSecond(after) + every;
      return next >= now ? next : toSecond(now) + every;
    },
  };
}

function toSecond(time: number): number {
  return Math.round(time / SECOND) * SECOND;
}
