import { ConstantBackoff, handleType, retry, type IDefaultPolicyContext, type IPolicy } from 'cockatiel';
import { TimeoutError } from './timeout-error';

/** Any policy of cockatiel: retry, circuit breaker, bulkhead, timeout, fallback, or several by `wrap`. */
export type CallPolicy = IPolicy<IDefaultPolicyContext, unknown>;

/** How a call is made again, or not made at all. */
export interface PolicyOptions {
  /** Runs around the call, in the place of `retries`. Share one policy among calls where it counts, as a breaker does. */
  policy?: CallPolicy;
  /** How often an idempotent endpoint is asked again after a timeout; default 1, and 0 with a `policy`. */
  retries?: number;
}

const DEFAULT_RETRIES = 1;

/** Makes a call under its policy. Only what is idempotent is sent again after a timeout, whatever the policy says. */
export function runUnder(
  { policy, retries }: PolicyOptions,
  isIdempotent: () => boolean,
  signal: AbortSignal | undefined,
  attempt: (signal: AbortSignal | undefined) => Promise<unknown>,
): Promise<unknown> {
  let timedOut: TimeoutError | undefined;
  const once = async (signal: AbortSignal | undefined): Promise<unknown> => {
    if (timedOut !== undefined && !isIdempotent()) throw timedOut;
    try {
      return await attempt(signal);
    } catch (error) {
      if (error instanceof TimeoutError) timedOut = error;
      throw error;
    }
  };
  const around = (inner: () => Promise<unknown>): Promise<unknown> =>
    policy === undefined ? inner() : policy.execute((context) => again(context.signal), signal);
  const again = (signal: AbortSignal | undefined): Promise<unknown> => {
    const count = retries ?? (policy === undefined ? DEFAULT_RETRIES : 0);
    // Most calls are not idempotent, and a retry policy of their own would cost them more than the call.
    if (count === 0 || !isIdempotent()) return once(signal);
    const onTimeout = handleType(TimeoutError, () => isIdempotent());
    return retry(onTimeout, { maxAttempts: count, backoff: new ConstantBackoff(0) }).execute(() => once(signal));
  };
  return around(() => again(signal));
}
