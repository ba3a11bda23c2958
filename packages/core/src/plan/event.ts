import { isEvent, nameProblem, parseTemplate, type Event } from '@natsmith/protocol';
import type { HandlerDefinition } from '../define/definition';
import type { SubscribeOptions } from '../define/options';
import { decidePayload } from '../payload/payload';
import { checkMetadata, checkQueueGroup, prefix } from './endpoint';
import { handlerOf, isStreaming } from './handler';
import { checkLimits, plannedLimits } from './limits';
import type { HandlerPlan } from './handler-plan';
import type { SourceSurroundings } from './source';

/** What `@Subscribe` leaves on a method. */
export interface Subscription {
  readonly events: readonly Event[];
  readonly options: SubscribeOptions;
}

/** A handler of one event, planned. */
export interface EventPlan extends HandlerPlan {
  readonly kind: 'event';
  readonly event: Event;
}

/** Plans a handler of events, once for each event. */
export function planEvents(handler: HandlerDefinition, around: SourceSurroundings): EventPlan[] {
  const { events, options } = handler.mark.options as Subscription;
  const { service, payloads, use, maxBody, where } = around;
  const mistake = (problem: string | undefined): void => around.mistake(problem);
  const mistakes = { add: (_where: string, problem: string | undefined) => mistake(problem) };
  const name = options.name ?? handler.method;
  mistake(prefix('handler name ', nameProblem(name)));
  checkQueueGroup(where, options.queueGroup, mistakes);
  checkLimits(where, options, mistakes);
  checkMetadata(where, { ...handler.metadata, ...options.metadata }, mistakes);
  if (isStreaming(handlerOf(handler))) mistake('is an async generator, whose body nobody would run; make it async');
  if (events.length === 0) mistake('subscribes to no event; write @Subscribe(OrderPlaced)');
  const known = events.filter(isEvent);
  if (known.length < events.length)
    mistake('subscribes to what is not an event; is one used before its declaration, or in a circular import?');
  return known.map((event) => {
    const payload = decidePayload(event.type, undefined, 1, payloads);
    if (typeof payload === 'string') mistake(`subscribes to "${event.subject}", which ${payload}`);
    const { subject, params } = parseTemplate(event.subject);
    if (/^\$SRV(\.|$)/.test(subject)) mistake(`event subject "${subject}" is reserved for discovery; choose another`);
    return Object.freeze<EventPlan>({
      kind: 'event',
      name,
      subject,
      queueGroup: options.queueGroup === undefined ? `${service}-${name}` : options.queueGroup || '',
      metadata: Object.freeze({
        ...(handler.method !== name && { method: handler.method }),
        ...(params.length > 0 && { subject_template: event.subject }),
        ...(event.description !== '' && { description: event.description }),
        ...handler.metadata,
        ...options.metadata,
        kind: 'event',
      }),
      params,
      target: { class: handler.class, method: handler.method },
      use,
      payload: typeof payload === 'string' ? { kind: 'unchecked' } : payload,
      response: undefined,
      codec: event.codec,
      limits: plannedLimits(options, { timeout: undefined, maxBody }),
      where,
      event,
    });
  });
}
