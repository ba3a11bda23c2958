import { DeliveryRun } from '../consume/delivery-run';
import type { ScheduleContext } from './schedule-context';
import { TRIGGER_HEADER } from './schedule-stream';

/** One tick on its way. */
export class ScheduleRun extends DeliveryRun implements ScheduleContext {
  get kind(): 'schedule' {
    return 'schedule';
  }

  get scheduledAt(): Date {
    return this.time;
  }

  get trigger(): 'schedule' | 'manual' {
    return this.headers.get(TRIGGER_HEADER) === 'manual' ? 'manual' : 'schedule';
  }
}
