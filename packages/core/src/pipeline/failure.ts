import { errorNamed, isReceived, REQUEST_ID_HEADER, ServiceError } from '@natsmith/protocol';
import type { Context } from './context';
import { stopping } from './stopping';

/** Milliseconds by which the clocks of a caller and of what it calls may differ. */
const CLOCK_TOLERANCE = 5;

/**
 * The one way from whatever a handler threw to what others may know of it; logs the rest.
 * Throws where looking at it does.
 */
export function failureOf(thrown: unknown, ctx: Context): ServiceError {
  // Who ends because `ctx.stopping` said so has not failed.
  if (ctx.isStoppedWith(thrown)) return stopping();
  if (isReceived(thrown)) return upstreamError(thrown, ctx);
  if (!(thrown instanceof ServiceError)) return internalError(thrown, ctx);
  if (thrown.cause !== undefined) ctx.log.warn({ err: thrown.cause }, thrown.message);
  return thrown;
}

/** What a message that nobody waits for failed with. */
export interface Failure {
  readonly code: number;
  readonly description: string;
  readonly data?: unknown;
  /** Whether the log has it: an error on purpose and without a cause is left to the kind of handler. */
  readonly isLogged: boolean;
}

/** What `failureOf` says, for messages that nobody waits for. Never throws. */
export function unansweredFailure(thrown: unknown, ctx: Context): Failure {
  try {
    const error = failureOf(thrown, ctx);
    const { code, description, data, cause } = error;
    // Of what is made here in the place of what was thrown, only the notice of a stop is not logged.
    const isLogged = cause !== undefined || (error !== thrown && code !== 503);
    return { code, description, data, isLogged };
  } catch (unreadable) {
    const { code, description } = internalError(unreadable, ctx);
    return { code, description, isLogged: true };
  }
}

/** What another service answered is between it and this one. */
function upstreamError(received: unknown, ctx: Context): ServiceError {
  ctx.log.error({ err: received }, 'upstream error');
  // The other service, or the client, may see the caller's time pass before the timer here does.
  const isUp = ctx.expiresAt - performance.now() <= CLOCK_TOLERANCE;
  return isUp ? errorNamed('timeout') : errorNamed('upstream');
}

/** Nothing of what was thrown leaves the process; the caller gets an id by which it is found in the log. */
export function internalError(thrown: unknown, ctx: Context): ServiceError {
  ctx.log.error({ err: thrown }, 'handler failed');
  return errorNamed('internal', undefined, { headers: { [REQUEST_ID_HEADER]: ctx.requestId } });
}
