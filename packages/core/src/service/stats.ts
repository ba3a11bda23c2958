import { REPLY_TYPES, type EndpointStats, type ServiceIdentity, type StatsResponse } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { StatsHandlerMethod } from '../define/options';
import type { EndpointPlan } from '../plan/plan';
import type { Counter } from '../request/counter';

/** How long STATS waits for a stats handler, in ms: the `nats` command gives up 300 ms after the latest reply. */
const STATS_HANDLER_TIMEOUT = 200;

/** Builds the STATS reply (ADR-32, STATS); a stats handler that fails or hangs only costs its own `data`. */
export async function statsReply(
  identity: ServiceIdentity,
  started: Date,
  endpoints: readonly { readonly plan: EndpointPlan; readonly counter: Counter }[],
  statsHandler: StatsHandlerMethod | undefined,
  logger: Logger,
): Promise<StatsResponse> {
  const stats = endpoints.map(({ plan, counter }) => endpointStats(plan, counter));
  if (statsHandler !== undefined)
    await Promise.all(
      stats.map(async (endpoint) => {
        try {
          const data = await inTime(statsHandler({ ...endpoint }), endpoint.name);
          // Through JSON now, so that what has none cannot spoil the reply.
          const encoded = JSON.stringify(data) as string | undefined;
          if (encoded !== undefined) endpoint.data = JSON.parse(encoded) as unknown;
        } catch (err) {
          logger.error(
            { service: identity.name, endpoint: endpoint.name, err },
            'stats handler failed; STATS goes without its data',
          );
        }
      }),
    );
  return { type: REPLY_TYPES.STATS, ...identity, started: started.toISOString(), endpoints: stats };
}

function endpointStats({ name, subject, queueGroup }: EndpointPlan, counter: Counter): EndpointStats {
  const { requests, errors, lastError, nanoseconds } = counter;
  return {
    name,
    subject,
    queue_group: queueGroup,
    num_requests: requests,
    num_errors: errors,
    last_error: lastError,
    processing_time: nanoseconds,
    average_processing_time: requests === 0 ? 0 : Math.floor(nanoseconds / requests),
  };
}

function inTime(value: unknown, endpoint: string): unknown {
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no stats for endpoint "${endpoint}" within ${STATS_HANDLER_TIMEOUT} ms`);
    timer = setTimeout(() => reject(error), STATS_HANDLER_TIMEOUT);
  });
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}
