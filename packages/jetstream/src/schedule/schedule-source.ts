import type { Preparation, Source } from '@natsmith/core';
import { checkDurables, startDeliveries } from '../consume/consumer-source';
import { provisionConsumers } from '../consume/provision-consumer';
import { checkScheduleVersion, putSchedules } from './put-schedules';
import { planSchedule, type SchedulePlan } from './schedule-plan';
import { ScheduleRun } from './schedule-run';
import { TRIGGER_HEADER } from './schedule-stream';
import { headersIn } from '@natsmith/protocol';
import type { HeldMessage } from '../consume/held-message';

/** Schedules of the server, whose ticks are messages of a stream. */
export const scheduleSource: Source = {
  kind: 'schedule',
  decorator: '@Schedule',
  begins: 'last',
  plan: planSchedule,
  check: checkDurables,
  describe: (plan) => {
    const { pattern, timeZone, missed } = plan as SchedulePlan;
    return { pattern, ...(timeZone !== undefined && { timeZone }), missed };
  },
  prepare: (plans, around) => prepare(plans as readonly SchedulePlan[], around),
  start: (plan, handler, around) => {
    const { missed } = plan as SchedulePlan;
    const startedAt = Date.now();
    return startDeliveries(plan, handler, around, {
      runOf: (runtime, held, settler) => new ScheduleRun(runtime, held, settler),
      isObsolete: (held) =>
        !isManual(held) &&
        // A newer tick waits behind it, or it is from before this instance was there.
        (held.delivery.pending > 0 || (missed === 'skip' && held.delivery.time < startedAt - GRACE)),
    });
  },
};

/** Milliseconds by which the clocks of server and service may differ. */
const GRACE = 1_000;

function isManual({ message }: HeldMessage): boolean {
  return headersIn(message)?.get(TRIGGER_HEADER) === 'manual';
}

async function prepare(plans: readonly SchedulePlan[], around: Preparation): Promise<void> {
  checkScheduleVersion(around.connection, plans);
  await provisionConsumers(
    plans.map(({ consumer }) => consumer),
    around,
  );
  await putSchedules(plans, around);
}
