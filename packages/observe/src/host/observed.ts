import type { Connection, HostStatus, Logger, RunningService } from '@natsmith/core';

/** What is observed: a host, as `NatsServiceFactory.create()` gives it. */
export interface ObservedHost {
  readonly connection: Connection;
  readonly services: readonly RunningService[];
  readonly status: HostStatus;
  readonly stopped: Promise<unknown>;
  readonly logger: Logger;
}
