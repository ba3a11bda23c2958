import { isEvent, type Event } from '@natsmith/protocol';
import type { Mistakes } from './definition-error';

/** The events that a service says it publishes; what could not be published is noted. */
export function plannedEvents(where: string, given: unknown, mistakes: Mistakes): Event[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    mistakes.add(where, 'publishes must be an array of events: publishes: [OrderPlaced]');
    return [];
  }
  const events: Event[] = [];
  for (const event of given as unknown[]) {
    if (!isEvent(event))
      mistakes.add(
        where,
        event === undefined
          ? 'publishes undefined; is an event used before its declaration, or in a circular import?'
          : 'publishes something other than an event; declare it with event(subject, type)',
      );
    else if (/(^|\.)[*>](\.|$)/.test(event.subject))
      mistakes.add(
        where,
        `publishes the event "${event.subject}", whose subject has a wildcard; name its tokens: {id}`,
      );
    else events.push(event);
  }
  return events;
}
