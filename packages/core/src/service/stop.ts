import type { Class } from '../define/options';
import type { ActiveMessages } from '../pipeline/active';
import type { Stopping } from '../pipeline/stopping';
import type { HostSettings } from '../sources/settings';
import type { HandlerSubscription } from '../sources/source';
import type { TimeLeft } from './time-left';

// Milliseconds that are left for the last steps of a stop whose time is up; stop as a whole takes a second more at most.
const FLUSH_GRACE = 150;
const ON_STOP_GRACE = 300;

/** What a service instance stops. */
export interface StoppingParts {
  readonly about: { readonly service: string; readonly id: string };
  readonly settings: HostSettings;
  readonly classes: readonly Class[];
  readonly timeLeft: TimeLeft;
  /** How running requests learn of the stop. */
  readonly notice: Stopping;
  /** The messages that run, by each connection. */
  readonly active: readonly ActiveMessages[];
  readonly subscriptions: readonly HandlerSubscription[];
  /** Ends whatever is still subscribed, discovery last. */
  readonly leave: () => Promise<void>;
}

/** Leaves the queue groups, finishes what runs while there is time, leaves discovery, stops the user's objects. */
export async function stopService(parts: StoppingParts): Promise<void> {
  const { about, settings, timeLeft, notice, active, subscriptions, leave } = parts;
  const { logger } = settings;
  // What was under way is still delivered, and answered.
  const drained = Promise.allSettled(subscriptions.map(drain));
  notice.begin();
  const finished = drained.then(() => Promise.all(active.map((messages) => messages.idle()))).then(() => true);
  if (!(await Promise.race([finished, timeLeft.up]))) {
    logger.warn(about, 'the stop does not wait any longer for running requests');
    for (const messages of active) messages.abandonAll();
  }
  // The server works in order: when it answers, the replies are out, and nobody finds the service any more.
  const flushed = Promise.all([leave(), flush(settings)]).then(() => true);
  if (!(await Promise.race([flushed, timeLeft.beyond(FLUSH_GRACE)])))
    logger.warn(about, 'the stop does not wait any longer for the server to take the last replies');
  await settings.objects.release(parts.classes, timeLeft.beyond(ON_STOP_GRACE));
}

async function drain(subscription: HandlerSubscription): Promise<void> {
  if (!subscription.isClosed()) await subscription.drain();
}

async function flush({ connection, outlet }: HostSettings): Promise<void> {
  if (!connection.isClosed()) await outlet.flush().catch(() => undefined);
}
