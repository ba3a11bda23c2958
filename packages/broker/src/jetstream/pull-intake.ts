import { ApiError } from './api-error';
import type { Clock } from './clock';
import type { ConsumerConfig } from './consumer-config';
import type { Priority } from './priority';
import type { PullQueue } from './pull-queue';
import { type PullRequest, readPullRequest } from './pull-requests';
import { formatDuration } from './time-format';

// Whatever a consumer allows: all requests are looked at again and again.
const MAX_WAITING = 10_000;

/** What a pull consumer is asked by. */
export interface Asked {
  readonly config: ConsumerConfig;
  readonly machine: Clock;
  readonly priority: Priority;
  readonly requests: PullQueue;
  /** How many messages could be delivered at once. */
  readonly ready: number;
  /** Ends the requests that are over. */
  tidy(): void;
}

/**
 * Reads what a client asks of a pull consumer: a request that may wait, or the status with which it is refused;
 * undefined where it is neither.
 */
export function intake(consumer: Asked, reply: string, body: Buffer): PullRequest | string | undefined {
  const { config, requests } = consumer;
  let request: PullRequest;
  try {
    request = readPullRequest(body, reply, consumer.machine.now());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return `400 Bad Request - ${error.message.replace(/[\r\n]+/g, ' ')}`;
  }
  const refusal = limitOf(consumer, request) ?? consumer.priority.refusalOf(request);
  if (refusal !== undefined) return refusal;
  if (request.noWait) {
    const { ready } = consumer;
    if (ready === 0 && request.expires === Infinity) return '404 No Messages';
    if (ready > 0 && ready < requests.wanted) return '408 Requests Pending';
  }
  const most = Math.min(config.max_waiting ?? 0, MAX_WAITING);
  if (requests.length >= most) consumer.tidy();
  if (requests.length < most) return request;
  return request.heartbeat === 0 ? '409 Exceeded MaxWaiting' : undefined;
}

function limitOf({ config, machine }: Asked, { left, expires, bytes }: PullRequest): string | undefined {
  const { max_batch = 0, max_expires = 0, max_bytes = 0 } = config;
  if (max_batch > 0 && left > max_batch) return `409 Exceeded MaxRequestBatch of ${max_batch}`;
  if (max_expires > 0 && expires !== Infinity && expires > machine.now() + max_expires / 1e6)
    return `409 Exceeded MaxRequestExpires of ${formatDuration(max_expires / 1e6)}`;
  if (max_bytes > 0 && bytes > max_bytes) return `409 Exceeded MaxRequestMaxBytes of ${max_bytes}`;
  return undefined;
}
