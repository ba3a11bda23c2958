import { durationProblem, MAX_BODY, millisecondsOf, type Duration } from '@natsmith/protocol';
import type { Limits } from '../define/options';
import type { Mistakes } from './definition-error';

/** Bytes of a request body where nobody says otherwise. */
export const DEFAULT_MAX_BODY = 1024 * 1024;

/** The limits of an endpoint or service, as they count. */
export interface PlannedLimits {
  /** Milliseconds; undefined for none. */
  readonly timeout: number | undefined;
  readonly concurrency: number | undefined;
  readonly maxPending: number | undefined;
  /** Bytes. */
  readonly maxBody: number;
}

/** What `create()` takes of limits. */
export interface HostLimits {
  readonly maxBody?: number | undefined;
  readonly stopTimeout?: Duration | undefined;
}

/** The limits that count where `around` are those of the service, or of the host; mistakes in them are told elsewhere. */
export function plannedLimits(own: Limits, around: Pick<PlannedLimits, 'timeout' | 'maxBody'>): PlannedLimits {
  return Object.freeze({
    timeout: own.timeout === undefined ? around.timeout : millisecondsOf(own.timeout),
    concurrency: own.concurrency,
    maxPending: own.maxPending,
    maxBody: own.maxBody ?? around.maxBody,
  });
}

export function checkLimits(where: string, limits: Limits, mistakes: Mistakes): void {
  const { timeout, concurrency, maxPending, maxBody } = limits;
  if (timeout !== undefined) mistakes.add(where, prefix('timeout ', durationProblem(timeout)));
  if (concurrency !== undefined) mistakes.add(where, countProblem('concurrency', concurrency, 1));
  checkMaxBody(where, maxBody, mistakes);
  if (maxPending === undefined) return;
  mistakes.add(where, countProblem('maxPending', maxPending, 0));
  if (concurrency === undefined)
    mistakes.add(where, 'has maxPending without concurrency; nothing waits where nothing is limited, so set both');
}

export function checkHostLimits({ maxBody, stopTimeout }: HostLimits, mistakes: Mistakes): void {
  checkMaxBody('create()', maxBody, mistakes);
  if (stopTimeout !== undefined) mistakes.add('create()', prefix('stopTimeout ', durationProblem(stopTimeout, 0)));
}

function checkMaxBody(where: string, maxBody: unknown, mistakes: Mistakes): void {
  if (maxBody === undefined) return;
  mistakes.add(where, countProblem('maxBody', maxBody, 1));
  if (typeof maxBody === 'number' && maxBody > MAX_BODY)
    mistakes.add(
      where,
      `maxBody must be at most ${MAX_BODY} bytes (64 MiB), got ${maxBody}; ` +
        'what is larger goes as a stream: request: stream(Item)',
    );
}

function countProblem(name: string, value: unknown, least: 0 | 1): string | undefined {
  if (Number.isInteger(value) && (value as number) >= least) return undefined;
  // A value without a string form is no reason to fail here.
  const got = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  return `${name} must be a whole number, ${least} or more, got ${got}`;
}

function prefix(words: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : words + problem;
}
