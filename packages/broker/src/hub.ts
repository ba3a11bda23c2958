import type { Authenticator } from './auth';
import type { Connection } from './connection';
import type { Settings } from './settings';
import type { Subscription } from './session';
import type { SubscriptionIndex } from './subscriptions';

/** What all connections of one broker share. */
export interface Hub {
  readonly settings: Settings;
  readonly authenticator: Authenticator;
  readonly index: SubscriptionIndex<Subscription>;
  leave(connection: Connection): void;
}
