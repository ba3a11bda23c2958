import type { Middleware } from '../define/handler';
import type { Logger } from '../define/logger';
import type { Class } from '../define/options';
import type { Outlet } from '../reply/outlet';
import type { ValidatorOptions } from '../payload/validator';
import type { Connection } from '../nats/connection';

/** The instances of service and group classes. */
export interface ServiceObjects {
  get(target: Class): object | undefined;
  /**
   * Called when a service has left discovery, before its `stopped` resolves.
   * @param outOfTime resolves when what stops is not waited for any longer
   */
  release(classes: readonly Class[], outOfTime: Promise<void>): Promise<void>;
}

/** What all services of a host share. */
export interface InstanceSettings {
  readonly connection: Connection;
  readonly outlet: Outlet;
  readonly logger: Logger;
  /** Middleware of the whole host. */
  readonly use: readonly Middleware[];
  readonly validation: ValidatorOptions;
  /** Milliseconds that stop waits for running handlers. */
  readonly stopTimeout: number;
  readonly instances: ServiceObjects;
}
