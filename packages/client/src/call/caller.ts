import type { Inbox } from '../nats/inbox';
import type { ClientContext, MiddlewareStack } from '../middleware';
import type { Propagation } from '../propagation';
import type { CallOptions } from './call-options';
import type { Destination } from './destination';
import type { Route } from './route';

/** Who calls: a client, or one that was made of it by `with`. */
export interface Caller {
  readonly inbox: Inbox;
  /** Milliseconds that calls wait. */
  readonly timeout: number;
  readonly propagation: Propagation;
  readonly middleware: MiddlewareStack;
}

/** What middleware sees of a call or stream. */
export function contextOf(
  kind: 'call' | 'stream',
  { service, method }: Destination,
  { endpoint: { template }, subject }: Route,
  { signal }: CallOptions,
): Omit<ClientContext, 'headers'> {
  return { kind, subject, template, service, method, signal };
}
