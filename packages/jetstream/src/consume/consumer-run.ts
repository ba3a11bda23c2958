import type { ConsumerContext } from './consumer-context';
import { DeliveryRun } from './delivery-run';

/** One message of a consumer on its way. */
export class ConsumerRun extends DeliveryRun implements ConsumerContext {
  get kind(): 'consumer' {
    return 'consumer';
  }
}
