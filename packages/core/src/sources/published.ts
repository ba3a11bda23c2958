import type { Event } from '@natsmith/protocol';
import type { Preparation } from './source';

/** Sees to what published events need on the server, such as a stream; what it throws fails the start. */
export type PreparePublished = (events: readonly Event[], around: Preparation) => Promise<void>;

// Symbol.for: two copies of this package in one process know the same ones.
const REGISTRY = Symbol.for('natsmith.preparePublished');

function registry(): Map<string, PreparePublished> {
  const holder = globalThis as { [REGISTRY]?: Map<string, PreparePublished> };
  return (holder[REGISTRY] ??= new Map<string, PreparePublished>());
}

/**
 * Has a function called before the services of a host begin, with the events that they say they publish.
 * @param name of the package that does so: a second one of the name replaces the first
 */
export function beforePublishing(name: string, prepare: PreparePublished): void {
  registry().set(name, prepare);
}

/** Those that have been given, in their order. */
export function publishedPreparations(): readonly PreparePublished[] {
  return [...registry().values()];
}
