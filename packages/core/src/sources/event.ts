import type { Event, Received } from '@natsmith/protocol';
import type { HandlerDecorator } from '../define/decorators';
import type { EventContext } from '../define/handler';
import { markHandler } from '../define/metadata';
import type { SubscribeOptions } from '../define/options';
import { unansweredFailure } from '../pipeline/failure';
import { invoker, taker, type Handler } from '../pipeline/decode';
import { LogLimit } from '../pipeline/log-limit';
import { Run } from '../pipeline/run';
import type { HandlerRuntime } from '../pipeline/runtime';
import { planEvents, type EventPlan, type Subscription } from '../plan/event';
import type { HandlerPlan } from '../plan/handler-plan';
import { reading, runtimeOf, type HandlerSurroundings, type RunningHandler, type Source } from './source';
import { startSubscribed } from './subscribed';

/**
 * Makes a method a handler of an event, or of several: `(payload, ctx) => …`. Each event is handled once, by one of the
 * service's instances, or by every one with `queueGroup: false`. Core NATS: at most once. What the method returns is
 * ignored; what is not valid or thrown is counted and logged.
 */
export function Subscribe<const E extends Event>(
  event: E | readonly E[],
  options: SubscribeOptions = {},
): HandlerDecorator<(payload: Received<E>, ctx: EventContext<E>) => unknown> {
  return (...[target, place]) => {
    const events: readonly Event[] = Array.isArray(event) ? (event as readonly Event[]) : [event as Event];
    const mark: Subscription = { events, options };
    markHandler(target, place, eventSource, mark);
  };
}

/** Lines in ten seconds of each handler about events that failed on purpose. */
const LOGGED_EVENTS = 10;

/** Events of core NATS. */
export const eventSource: Source = {
  kind: 'event',
  decorator: '@Subscribe',
  subscribes: true,
  plan: planEvents,
  start: startEvent,
};

function startEvent(plan: HandlerPlan, handler: Handler, around: HandlerSurroundings): RunningHandler {
  return startSubscribed(plan, around, {
    runtime: (guest) => eventRuntime(plan as EventPlan, handler, guest),
    receive: (runtime) => (message) => new EventRun(runtime, message).admit(),
    fault: 'an event could not be handled',
  });
}

interface EventRuntime extends HandlerRuntime {
  readonly event: Event;
  /** For lines about events that are not valid, or refused by their handler. */
  readonly refusals: LogLimit;
}

function eventRuntime(plan: EventPlan, handler: Handler, around: HandlerSurroundings): EventRuntime {
  const { codec, validate } = reading(plan, around.settings);
  const core = invoker(taker<EventRun>(handler, codec, validate), plan.limits.maxBody);
  return { ...runtimeOf(plan, core, around), event: plan.event, refusals: new LogLimit(LOGGED_EVENTS) };
}

/** A message whose outcome nobody waits for. */
class EventRun extends Run<EventRuntime> {
  get kind(): 'event' {
    return 'event';
  }

  get event(): Event {
    return this.runtime.event;
  }

  protected override get noun(): string {
    return 'event';
  }

  protected override done(): void {
    this.end();
  }

  protected override failed(thrown: unknown): void {
    this.inScope(() => {
      const { refusals } = this.runtime;
      const { code, description, data, isLogged } = unansweredFailure(thrown, this);
      const events = isLogged ? 0 : refusals.add();
      if (events > 0) this.log.warn({ code, data, events }, `event not handled: ${description}`);
      this.end(`${code}:${description}`);
    });
  }
}
