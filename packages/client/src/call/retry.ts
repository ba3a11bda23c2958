import type { OptionRules } from '@natsmith/protocol';
import { TimeoutError } from './timeout-error';

/** Runs calls: any policy of cockatiel (retry, circuit breaker, bulkhead, timeout, fallback, or several by `wrap`), or an own one. */
export interface CallPolicy {
  /** Makes the call, perhaps several times or not at all. @param signal aborted when the caller gives up */
  execute(
    call: (context: { readonly signal: AbortSignal }) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<unknown>;
}

/** How a call is made again, or not made at all. */
export interface PolicyOptions {
  /** Runs around the call, in the place of `retries`. Share one policy among calls where it counts, as a breaker does. */
  policy?: CallPolicy;
  /** How often an idempotent endpoint is asked again after a timeout; default 1, and 0 with a `policy`. */
  retries?: number;
}

export const POLICY_OPTIONS: OptionRules<PolicyOptions> = {
  policy: (value) =>
    typeof (value as Partial<CallPolicy> | null)?.execute === 'function'
      ? undefined
      : 'a policy of cockatiel, or an object with execute(call, signal)',
  retries: (value) => (typeof value === 'number' && value >= 0 ? undefined : 'a number, 0 or more'),
};

type Attempt<T> = (signal: AbortSignal | undefined) => Promise<T>;

const DEFAULT_RETRIES = 1;

/** Makes a call under its policy. Only what is idempotent is sent again after a timeout, whatever the policy says. */
export function runUnder<T>(
  { policy, retries }: PolicyOptions,
  isIdempotent: () => boolean,
  signal: AbortSignal | undefined,
  attempt: Attempt<T>,
): Promise<T> {
  if (policy === undefined) return withRetries(retries ?? DEFAULT_RETRIES, isIdempotent, signal, attempt);
  let timedOut: TimeoutError | undefined;
  const once = async (signal: AbortSignal | undefined): Promise<T> => {
    if (timedOut !== undefined && !isIdempotent()) throw timedOut;
    try {
      return await attempt(signal);
    } catch (error) {
      if (error instanceof TimeoutError) timedOut = error;
      throw error;
    }
  };
  // What a fallback gives is whatever the caller made it give.
  return policy.execute(
    (context) => withRetries(retries ?? 0, isIdempotent, context.signal, once),
    signal,
  ) as Promise<T>;
}

function withRetries<T>(
  retries: number,
  isIdempotent: () => boolean,
  signal: AbortSignal | undefined,
  attempt: Attempt<T>,
): Promise<T> {
  return retries > 0 && isIdempotent() ? again(retries, isIdempotent, signal, attempt) : attempt(signal);
}

async function again<T>(
  retries: number,
  isIdempotent: () => boolean,
  signal: AbortSignal | undefined,
  attempt: Attempt<T>,
): Promise<T> {
  for (let left = retries; ; left--)
    try {
      return await attempt(signal);
    } catch (error) {
      if (left < 1 || !(error instanceof TimeoutError) || !isIdempotent()) throw error;
    }
}
