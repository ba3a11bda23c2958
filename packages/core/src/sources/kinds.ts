import { endpointSource } from './endpoint';
import { eventSource } from './event';
import type { Source } from './source';

/** The kinds of handlers that core has, by name. */
export const CORE_KINDS: ReadonlyMap<string, Source> = new Map<string, Source>([
  [endpointSource.kind, endpointSource],
  [eventSource.kind, eventSource],
]);
