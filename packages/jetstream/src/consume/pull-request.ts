import { millisecondsOfGo, nanosecondsOf } from '../nats/duration';
import type { Status } from '../nats/status';

const EXPIRES = 30_000;
/** Milliseconds between two heartbeats of a pull that waits. */
export const HEARTBEAT = 5_000;
/** The priority group of exclusive consumers. */
export const GROUP = 'natsmith';
/** Milliseconds without a pull after which the server gives an exclusive consumer to another instance. */
export const PIN_TIMEOUT = 15_000;
/** Milliseconds between two pulls at most that keep the consumer: a pull that waits does not. */
export const PIN_INTERVAL = PIN_TIMEOUT / 3;
const PIN_HEARTBEAT = 1_500;

/** What a consumer lets a pull ask for, where somebody else has made it. */
export interface PullLimits {
  readonly batch?: number;
  /** Milliseconds. */
  readonly expires?: number;
}

/** A pull of so many messages, as the server reads it. */
export function pullRequest(batch: number, limits: PullLimits): string {
  return JSON.stringify({ batch, ...timesOf(EXPIRES, HEARTBEAT, limits) });
}

/** A pull from an exclusive consumer. @param pin by which the server knows its holder; empty for who is not the holder */
export function exclusivePullRequest(batch: number, pin: string, limits: PullLimits): string {
  return JSON.stringify({
    batch,
    ...timesOf(PIN_INTERVAL, PIN_HEARTBEAT, limits),
    group: GROUP,
    ...(pin !== '' && { id: pin }),
  });
}

/** The server refuses a heartbeat that is longer than half of the pull. */
function timesOf(expires: number, heartbeat: number, { expires: most = Infinity }: PullLimits): object {
  const time = Math.min(expires, most);
  return { expires: nanosecondsOf(time), idle_heartbeat: nanosecondsOf(Math.min(heartbeat, time / 2)) };
}

/** The limit that a refused pull was over; nothing for other ends. */
export function limitIn({ description }: Status): PullLimits {
  const batch = /MaxRequestBatch of (\d+)/i.exec(description)?.[1];
  const expires = /MaxRequestExpires of ([\d.a-zµ]+)/i.exec(description)?.[1];
  return {
    ...(batch !== undefined && { batch: Math.max(1, Number(batch)) }),
    ...(expires !== undefined && { expires: Math.max(1, millisecondsOfGo(expires)) }),
  };
}

/** The server ends a pull because of the pull alone, so that the next one may come. */
const ENDS_OF_PULL = /message size exceeds|batch completed|exceeded max/i;
const CONSUMER_GONE = /consumer deleted|consumer not found|no responders/i;

/**
 * What a status says of a pull: it waits, it has expired, it ended before, somebody else is the holder of the exclusive
 * consumer, or the consumer gives nothing.
 */
export function meaningOf({ code, description }: Status): 'waiting' | 'expired' | 'ended' | 'other holder' | 'failed' {
  if (code === 100) return 'waiting';
  if (code === 408) return 'expired';
  if (code === 423) return 'other holder';
  return code === 404 || (code === 409 && ENDS_OF_PULL.test(description)) ? 'ended' : 'failed';
}

/** The error for a consumer that gives nothing. */
export function pullError({ code, description }: Status): Error {
  return new Error(`${code} ${description || (code === 503 ? 'no responders' : '')}`.trim());
}

/** Whether an error means that the server does not know the consumer. */
export function isConsumerGone(error: Error): boolean {
  return CONSUMER_GONE.test(error.message);
}
