import { event, type Event, type EventOptions } from '@natsmith/core';
import type { ItemType } from '@natsmith/protocol';
import { eventCodec } from './envelope';
import { nestSubject, type NestPattern } from './pattern';

/** What `nestEvent` takes besides pattern and type. */
export type NestEventOptions = Omit<EventOptions, 'codec'>;

/**
 * Declares an event that Nest speaks, too: `@EventPattern` handles what is published, and `@Subscribe` what Nest's client
 * emits. A string may have named tokens and wildcards, as the subject of `event()`.
 * @throws TypeError for a pattern that has no subject
 */
export function nestEvent<const Subject extends string, Type extends ItemType>(
  pattern: Subject,
  type: Type,
  options?: NestEventOptions,
): Event<Subject, Type>;
export function nestEvent<Type extends ItemType>(
  pattern: Exclude<NestPattern, string>,
  type: Type,
  options?: NestEventOptions,
): Event<'object pattern', Type>;
export function nestEvent(pattern: NestPattern, type: ItemType, options: NestEventOptions = {}): Event {
  return event(nestSubject(pattern), type, { ...options, codec: eventCodec(pattern) });
}
