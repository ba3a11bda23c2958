import {
  REPLY_TYPES,
  type EndpointStats,
  type ServiceIdentity,
  type StatsResponse,
  isThenable,
} from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { HandlerPlan } from '../plan/handler-plan';
import type { Counter } from '../pipeline/counter';
import type { RunningHandler } from '../sources/source';
import type { ServiceStats } from './service';

/** Gives the `data` of an endpoint, undefined for none. */
export type DataOf = (endpoint: EndpointStats, counter: Counter) => unknown;

/** How long STATS waits for a stats handler, in ms: the `nats` command gives up 300 ms after the latest reply. */
const STATS_HANDLER_TIMEOUT = 200;

/** Builds the STATS reply (ADR-32, STATS); a stats handler that fails or hangs only costs its own `data`. */
export async function statsReply(
  identity: ServiceIdentity,
  started: Date,
  endpoints: readonly { readonly plan: HandlerPlan; readonly counter: Counter }[],
  dataOf: DataOf | undefined,
  maxPayload: number,
  logger: Logger,
): Promise<StatsResponse> {
  const reply: StatsResponse = {
    type: REPLY_TYPES.STATS,
    ...identity,
    started: started.toISOString(),
    endpoints: endpoints.map(({ plan, counter }) => endpointStats(plan, counter)),
  };
  fitStats(reply, maxPayload, logger);
  if (dataOf !== undefined) {
    const data = await Promise.all(
      endpoints.map(({ counter }, index) => {
        const endpoint = reply.endpoints[index] as EndpointStats;
        return encodedData(endpoint, () => dataOf({ ...endpoint }, counter), identity.name, logger);
      }),
    );
    addDataThatFits(reply, data, maxPayload, logger);
  }
  return reply;
}

/** Adds what STATS does not answer. */
export async function withMeasures(
  service: string,
  answer: Promise<StatsResponse>,
  handlers: readonly RunningHandler[],
  logger: Logger,
): Promise<ServiceStats> {
  const [reply, ...gauges] = await Promise.all([
    answer,
    ...handlers.map((handler) => gaugesOf(service, handler, logger)),
  ]);
  const endpoints = handlers.map(({ plan, counter }, index) => ({
    ...(reply.endpoints[index] as EndpointStats),
    kind: plan.kind,
    measures: counter.measures,
    gauges: gauges[index] ?? {},
  }));
  return { ...reply, endpoints };
}

/** What a kind measures besides; one that fails or hangs only costs its own. */
async function gaugesOf(
  service: string,
  { plan, gauges }: RunningHandler,
  logger: Logger,
): Promise<Readonly<Record<string, number>>> {
  if (gauges === undefined) return {};
  try {
    return (await inTime(gauges(), plan.name)) as Readonly<Record<string, number>>;
  } catch (err) {
    logger.debug({ service, handler: plan.name, err }, 'what the handler measures besides is not known');
    return {};
  }
}

/** Errors may be long, and metadata is in INFO as well. */
function fitStats(reply: StatsResponse, maxPayload: number, logger: Logger): void {
  if (sizeOf(reply) <= maxPayload) return;
  for (const endpoint of reply.endpoints) endpoint.last_error = '';
  const fits = sizeOf(reply) <= maxPayload;
  if (!fits) reply.metadata = {};
  logger.warn(
    { service: reply.name, maxPayload },
    `STATS is over max_payload; the latest errors${fits ? '' : ' and the metadata'} are left out`,
  );
}

function sizeOf(reply: StatsResponse): number {
  return Buffer.byteLength(JSON.stringify(reply));
}

/** What is given for an endpoint, through JSON now, so that what has none cannot spoil the reply. */
async function encodedData(
  endpoint: EndpointStats,
  give: () => unknown,
  service: string,
  logger: Logger,
): Promise<string | undefined> {
  try {
    const data = await inTime(give(), endpoint.name);
    return JSON.stringify(data);
  } catch (err) {
    logger.error({ service, handler: endpoint.name, err }, 'stats handler failed; STATS goes without its data');
    return undefined;
  }
}

function addDataThatFits(
  reply: StatsResponse,
  data: readonly (string | undefined)[],
  maxPayload: number,
  logger: Logger,
): void {
  let room = maxPayload - sizeOf(reply);
  for (const [index, endpoint] of reply.endpoints.entries()) {
    const encoded = data[index];
    if (encoded === undefined) continue;
    const size = Buffer.byteLength(`,"data":${encoded}`);
    if (size > room) {
      logger.warn(
        { service: reply.name, handler: endpoint.name, size, maxPayload },
        `STATS is over max_payload; the data of endpoint "${endpoint.name}" is left out`,
      );
      continue;
    }
    room -= size;
    endpoint.data = JSON.parse(encoded) as unknown;
  }
}

function endpointStats({ kind, name, subject, queueGroup }: HandlerPlan, counter: Counter): EndpointStats {
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
    ...(kind !== 'endpoint' && { metadata: { kind } }),
  };
}

function inTime(value: unknown, endpoint: string): unknown {
  if (!isThenable(value)) return value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no stats for endpoint "${endpoint}" within ${STATS_HANDLER_TIMEOUT} ms`);
    timer = setTimeout(() => reject(error), STATS_HANDLER_TIMEOUT);
  });
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}
