import type { Middleware } from '../define/handler';
import type { Logger } from '../define/logger';
import type { Class } from '../define/options';
import type { ReplyOutlet } from '../reply/outlet';
import type { ValidatorOptions } from '../payload/validator';
import type { Connection } from '../nats/connection';

/** The user's objects: instances of service and group classes. */
export interface ServiceObjects {
  get(target: Class): object | undefined;
  /**
   * Called when a service has left discovery, before its `stopped` resolves.
   * @param outOfTime resolves when what stops is not waited for any longer
   */
  release(classes: readonly Class[], outOfTime: Promise<void>): Promise<void>;
}

/** What all services of a host share. */
export interface HostSettings {
  readonly connection: Connection;
  /** Publishes on the connection, many messages with one write to the socket. */
  readonly outlet: ReplyOutlet;
  /** No call of it throws. */
  readonly logger: Logger;
  /** Whether each message that is handled is a line at the level `info`. */
  readonly accessLog: boolean;
  /** Whether STATS has percentiles of durations, in the `data` of services without a stats handler. */
  readonly percentiles: boolean;
  /** Middleware of the whole host. */
  readonly use: readonly Middleware[];
  readonly validation: ValidatorOptions;
  /** Milliseconds that stop waits for running handlers. */
  readonly stopTimeout: number;
  readonly objects: ServiceObjects;
}
