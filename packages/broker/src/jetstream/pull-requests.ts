import { ApiError } from './api-error';
import { statusBlock } from './headers';
import { type Fields, readRequest } from './json';

/** A client's request for messages that waits at a consumer. */
export interface PullRequest {
  readonly reply: string;
  /** How many messages it still wants. */
  left: number;
  /** How many bytes it still takes; 0 for no limit. */
  bytes: number;
  delivered: number;
  readonly noWait: boolean;
  /** ms; Infinity for no end. */
  readonly expires: number;
  /** ms between heartbeats; 0 for none. */
  readonly heartbeat: number;
  /** ms. */
  nextBeat: number;
  readonly group: string;
  readonly minPending: number;
  readonly minAckPending: number;
  readonly priority: number;
  pinId: string;
}

const FIELDS: Fields = {
  expires: 'integer',
  batch: 'integer',
  max_bytes: 'integer',
  no_wait: 'boolean',
  idle_heartbeat: 'integer',
  group: 'string',
  min_pending: 'integer',
  min_ack_pending: 'integer',
  id: 'string',
  priority: 'integer',
};

/** Reads a request: nothing, a number, or JSON. Throws ApiError. */
export function readPullRequest(body: Buffer, reply: string, now: number): PullRequest {
  const text = body.length > 24 ? '' : body.toString().trim();
  if (body.length === 0 || (body.length <= 24 && !text.startsWith('{'))) {
    return request(reply, { batch: /^-?\d{1,9}$/.test(text) ? Number(text) : 1 }, now);
  }
  const fields = readRequest(body, FIELDS) as Asked;
  const heartbeat = fields.idle_heartbeat ?? 0;
  if (heartbeat > 0 && heartbeat * 2 > (fields.expires ?? 0))
    throw new ApiError(400, 10003, 'heartbeat value too large');
  return request(reply, fields, now);
}

/** The status of a request that ends before it has all that it asked for. */
export function endBlock(status: string, { left, bytes }: PullRequest): string {
  return statusBlock(status, [
    ['Nats-Pending-Messages', left],
    ['Nats-Pending-Bytes', bytes],
  ]);
}

interface Asked {
  readonly expires?: number;
  readonly batch?: number;
  readonly max_bytes?: number;
  readonly no_wait?: boolean;
  readonly idle_heartbeat?: number;
  readonly group?: string;
  readonly min_pending?: number;
  readonly min_ack_pending?: number;
  readonly id?: string;
  readonly priority?: number;
}

function request(reply: string, asked: Asked, now: number): PullRequest {
  const expires = (asked.expires ?? 0) / 1e6;
  const heartbeat = Math.max(0, (asked.idle_heartbeat ?? 0) / 1e6);
  return {
    reply,
    left: Math.max(1, asked.batch ?? 0),
    bytes: Math.max(0, asked.max_bytes ?? 0),
    delivered: 0,
    noWait: asked.no_wait ?? false,
    expires: expires === 0 ? Infinity : now + expires,
    heartbeat,
    nextBeat: heartbeat === 0 ? Infinity : now + heartbeat,
    group: asked.group ?? '',
    minPending: asked.min_pending ?? 0,
    minAckPending: asked.min_ack_pending ?? 0,
    priority: asked.priority ?? 0,
    pinId: asked.id ?? '',
  };
}
