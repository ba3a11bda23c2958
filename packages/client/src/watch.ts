import { setTimeout as delay } from 'node:timers/promises';
import type { PingResponse } from '@natsmith/protocol';
import type { Discovered } from './discovery';
import { DiscoveryError } from './discovery-reply';

/** What `watch` takes. */
export interface WatchOptions {
  /** Milliseconds between two looks; default 1,000. */
  interval?: number;
  /** Ends the watch. */
  signal?: AbortSignal;
}

/** An instance that has come or gone. */
export interface ServiceChange {
  readonly type: 'joined' | 'left';
  readonly service: Discovered<PingResponse>;
}

type Ping = (name?: string, id?: string) => PromiseLike<Discovered<PingResponse>[]>;

const DEFAULT_INTERVAL = 1_000;

/** Looks with PING again and again, and tells the differences; what runs at the start has joined. */
export async function* watch(
  ping: Ping,
  { interval = DEFAULT_INTERVAL, signal }: WatchOptions,
): AsyncGenerator<ServiceChange, void, undefined> {
  const known = new Map<string, Discovered<PingResponse>>();
  while (signal?.aborted !== true) {
    const present = new Map((await lookAround(ping)).map((service) => [service.id, service]));
    for (const service of present.values()) {
      if (known.has(service.id)) continue;
      known.set(service.id, service);
      yield { type: 'joined', service };
    }
    const missing = [...known.values()].filter(({ id }) => !present.has(id));
    // One reply may come late; whoever is asked by id and has gone has no responder, and that is known at once.
    const gone = await Promise.all(missing.map(async ({ name, id }) => (await ping(name, id)).length === 0));
    for (const service of missing.filter((_, i) => gone[i])) {
      known.delete(service.id);
      yield { type: 'left', service };
    }
    await delay(interval, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

async function lookAround(ping: Ping): Promise<readonly Discovered<PingResponse>[]> {
  try {
    return await ping();
  } catch (error) {
    // A service with a broken reply must not hide the others.
    if (error instanceof DiscoveryError) return (error as DiscoveryError<Discovered<PingResponse>>).found;
    throw error;
  }
}
