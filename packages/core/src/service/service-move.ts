import type { Connection, Mover } from '@natsmith/protocol';
import { ActiveMessages } from '../pipeline/active';
import type { ReplyOutlet } from '../reply/outlet';
import type { KeptSubscription } from '../nats/kept-subscription';
import { outletOf } from '../nats/outlet';
import type { HandlerSubscription, HandlerSurroundings, RunningHandler } from '../sources/source';

/** What of a service instance moves with its connection. */
export interface Movable {
  readonly handlers: { readonly running: readonly RunningHandler[] };
  readonly control: readonly KeptSubscription[];
  readonly around: HandlerSurroundings;
  /** Subscribes discovery on another connection, too. */
  subscribeControl(connection: Connection): KeptSubscription[];
}

/**
 * Takes the requests of a service instance by a sibling connection while its own one moves to another server: the
 * instance may be the only one, so there is always one that listens.
 */
export class ServiceMove implements Mover {
  /** Requests that came by the sibling. */
  readonly active = new ActiveMessages();
  private guests: HandlerSubscription[] = [];
  private outlet: ReplyOutlet | undefined;

  constructor(private readonly movable: Movable) {}

  get subscriptions(): readonly HandlerSubscription[] {
    return this.guests;
  }

  async leave(sibling: Connection): Promise<void> {
    const { control, around } = this.movable;
    const endpoints = this.movable.handlers.running;
    this.outlet = outletOf(sibling, around.settings.logger, around.settings.outlet.replySubjects);
    const settings = { ...around.settings, connection: sibling, outlet: this.outlet };
    const guest = { ...around, settings, active: this.active };
    const [shared, unshared] = byQueueGroup(endpoints);
    this.guests = startAlso(shared, guest);
    await sibling.flush();
    const left = [...endpoints.map(({ subscription }) => subscription), ...control].map((one) => one.pause());
    // Without a queue group both connections would get each message, so these come after those have gone.
    this.guests.push(...startAlso(unshared, guest));
    this.guests.push(...this.movable.subscribeControl(sibling));
    await Promise.all(left);
    await around.active.idle();
  }

  hold(): Promise<void> {
    this.movable.around.settings.outlet.hold();
    return Promise.resolve();
  }

  async arrive(): Promise<void> {
    const { control, around } = this.movable;
    const endpoints = this.movable.handlers.running;
    const { connection, outlet } = around.settings;
    const guests = this.guests.splice(0);
    const unshared = guests.splice(byQueueGroup(endpoints)[0].length);
    outlet.release();
    const unsharedLeft = unshared.map((guest) => guest.drain());
    for (const { subscription } of endpoints) subscription.resume();
    for (const subscription of control) subscription.resume();
    if (!connection.isClosed()) await connection.flush();
    await Promise.allSettled([...unsharedLeft, ...guests.map((guest) => guest.drain())]);
    await this.active.idle();
    await this.outlet?.flush();
  }
}

/** Those that take messages on a second connection: with a queue group, and without one. */
function byQueueGroup(handlers: readonly RunningHandler[]): [shared: RunningHandler[], unshared: RunningHandler[]] {
  const moving = handlers.filter((handler) => handler.startAlso !== undefined);
  return [moving.filter(({ plan }) => plan.queueGroup !== ''), moving.filter(({ plan }) => plan.queueGroup === '')];
}

function startAlso(handlers: readonly RunningHandler[], guest: HandlerSurroundings): HandlerSubscription[] {
  return handlers.map((handler) => handler.startAlso?.(guest)).filter((one) => one !== undefined);
}
