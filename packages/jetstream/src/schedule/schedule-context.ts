import type { BaseContext, ContractOptions } from '@natsmith/core';
import type { RetryOptions } from '../consume/consumer-context';

/** What a handler of a schedule knows of its run. */
export interface ScheduleContext extends BaseContext {
  readonly kind: 'schedule';
  /** When the tick was due, or when somebody asked for the run. */
  readonly scheduledAt: Date;
  /** What set it off: the schedule, or somebody by `natsmith schedules run`. */
  readonly trigger: 'schedule' | 'manual';
  /** How often this run has been begun, this time included. */
  readonly attempt: number;
}

declare module '@natsmith/core' {
  interface ContextKinds {
    schedule: ScheduleContext;
  }
}

/** What `@Schedule` takes besides the pattern. */
export interface ScheduleOptions extends Pick<ContractOptions, 'name' | 'timeout' | 'metadata'> {
  /** An IANA time zone such as `Europe/Berlin`, for patterns of five or six fields; default UTC. */
  readonly timeZone?: string;
  /** When a run that failed is begun again; a newer tick takes its place. */
  readonly retry?: RetryOptions;
  /** What becomes of ticks while no instance was up: the `last` one runs (default), or all are skipped. */
  readonly missed?: 'last' | 'skip';
}

/** What `@Schedule` leaves on a method. */
export interface ScheduleMark {
  readonly pattern: string;
  readonly options: ScheduleOptions;
}
