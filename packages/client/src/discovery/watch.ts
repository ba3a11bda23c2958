import {
  aFunction,
  aSignal,
  checkedElsewhere,
  MAX_TIMER,
  millisecondsOfOption,
  type Duration,
  type OptionRules,
  type ReplyProblem,
} from '@natsmith/protocol';
import { loadStreams } from '../stream/load';
import type { Discovery } from './discovery';
import type { Link } from './link';
import type { ServiceChange } from './watching';

/** What `watch` takes. */
export interface WatchOptions {
  /** How often to look: milliseconds, or a string such as `'5s'`; default 1,000 ms. */
  interval?: Duration;
  /** Ends the watch. */
  signal?: AbortSignal;
  /** Called with each reply that cannot be used, once for as long as it keeps coming. What it throws ends the watch. */
  onProblem?: (problem: ReplyProblem) => void;
}

export const WATCH_OPTIONS: OptionRules<WatchOptions> = {
  interval: checkedElsewhere,
  signal: aSignal,
  onProblem: aFunction,
};

const DEFAULT_INTERVAL = 1_000;

/** Sends PING at each interval, and yields the differences; what runs at the start has joined. */
export function watch(discovery: Discovery, link: Link, options: WatchOptions): AsyncGenerator<ServiceChange, void> {
  const interval = millisecondsOfOption('interval', options.interval) ?? DEFAULT_INTERVAL;
  if (!(interval > 0 && interval <= MAX_TIMER))
    throw new TypeError(`interval must be a positive number of milliseconds, got ${String(interval)}`);
  return changes(discovery, link, options, interval);
}

async function* changes(
  discovery: Discovery,
  link: Link,
  { signal, onProblem }: WatchOptions,
  interval: number,
): AsyncGenerator<ServiceChange, void> {
  const { Watch } = await loadStreams();
  yield* new Watch(discovery, link, signal, onProblem).changes(interval);
}
