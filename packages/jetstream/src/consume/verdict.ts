import { failureOf, type Context } from '@natsmith/core';
import { isReceived, ServiceError } from '@natsmith/protocol';
import type { Failure } from './held-message';
import { outcomeIn, outcomeKind, type Reject, type Retry } from './outcomes';

/** What is to become of a message whose handler has thrown. */
export type Verdict =
  /** It is not to blame, and goes back at once. */
  | { readonly end: 'back'; readonly failure: Failure }
  /** It comes again, after a delay in milliseconds or else the consumer's next one, or is buried after the last attempt. */
  | { readonly end: 'again'; readonly failure: Failure; readonly delay: number | undefined }
  | { readonly end: 'bury'; readonly failure: Failure }
  | { readonly end: 'drop'; readonly failure: Failure };

/** Errors of a handler's own that another run would not change; those that it received from others may be over by then. */
const MAY_PASS = new Set([408, 429]);

/** Judges what a handler has thrown, and logs what nobody else sees. */
export function judge(thrown: unknown, run: Context): Verdict {
  try {
    return judgeThrown(thrown, run);
  } catch {
    const error = new TypeError('what the handler has thrown throws itself when it is looked at');
    return { end: 'again', failure: failureOf(error, run), delay: undefined };
  }
}

function judgeThrown(thrown: unknown, run: Context): Verdict {
  // Who ends because `ctx.stopping` said so has not failed.
  if (run.isStoppedWith(thrown)) return { end: 'back', failure: { code: 503, description: 'service is stopping' } };
  const outcome = outcomeIn(thrown);
  if (outcome === undefined) return judgeError(thrown, run);
  const description = wordsOf(outcome);
  switch (outcomeKind(outcome)) {
    case 'retry':
      return { end: 'again', failure: { code: 503, description }, delay: (outcome as Retry).delay };
    case 'reject':
      return { end: 'bury', failure: { code: 400, description, data: (outcome as Reject).data } };
    case 'drop':
      return { end: 'drop', failure: { code: 0, description } };
  }
}

function judgeError(thrown: unknown, run: Context): Verdict {
  const failure = failureOf(thrown, run);
  const { code } = failure;
  const isOwn = thrown instanceof ServiceError && !isReceived(thrown);
  if (isOwn && code >= 400 && code < 500 && !MAY_PASS.has(code)) return { end: 'bury', failure };
  return { end: 'again', failure, delay: undefined };
}

function wordsOf(outcome: Error): string {
  const { message } = outcome as { message: unknown };
  return typeof message === 'string' && message !== '' ? message : 'no reason given';
}
