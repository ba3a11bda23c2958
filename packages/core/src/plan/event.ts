import { isEvent, type Event } from '@natsmith/protocol';
import type { HandlerDefinition } from '../define/definition';
import type { SubscribeOptions } from '../define/options';
import { checkContract, contractName, planContract } from './contract';
import { checkQueueGroup } from './endpoint';
import type { HandlerPlan } from './handler-plan';
import { SUBSCRIBE_OPTIONS } from './known-options';
import { checkedOptions } from './options';
import type { SourceSurroundings } from './source';

/** What `@Subscribe` leaves on a method. */
export interface Subscription {
  readonly events: readonly Event[];
  readonly options: SubscribeOptions;
}

/** A handler of one event, planned. */
export interface EventPlan extends HandlerPlan {
  readonly event: Event;
}

/** Plans a handler of events, once for each event. */
export function planEvents(handler: HandlerDefinition, around: SourceSurroundings): EventPlan[] {
  const { events, options: given } = handler.mark.options as Subscription;
  const { service, where } = around;
  const options = checkedOptions(given, SUBSCRIBE_OPTIONS, '@Subscribe', (problem) => around.mistake(problem));
  checkContract(handler, options, around);
  checkQueueGroup(where, options.queueGroup, { add: (_where, problem) => around.mistake(problem) });
  const name = contractName(handler, options);
  const queueGroup = options.queueGroup === undefined ? `${service}-${name}` : options.queueGroup || '';
  return knownEvents(events, 'subscribes to', around).map((event) => {
    const plan = planContract(handler, event, options, { kind: 'event', queueGroup }, around);
    if (/^\$SRV(\.|$)/.test(plan.subject))
      around.mistake(`event subject "${plan.subject}" is reserved for discovery; choose another`);
    return Object.freeze<EventPlan>({ ...plan, event });
  });
}

/** The events among what a decorator was given; what else there is, is noted. @param verb such as `subscribes to` */
export function knownEvents(events: readonly unknown[], verb: string, around: SourceSurroundings): Event[] {
  if (events.length === 0) around.mistake(`${verb} no event; name one, such as OrderPlaced`);
  const known = events.filter(isEvent);
  if (known.length < events.length)
    around.mistake(`${verb} what is not an event; is one used before its declaration, or in a circular import?`);
  return known;
}
