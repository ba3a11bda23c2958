import { durationProblem, MAX_BODY, millisecondsOf, shown, subjectProblem, type Duration } from '@natsmith/protocol';
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
  readonly inboxes?: readonly string[] | undefined;
}

/** The limits that count where `around` are those of the service, or of the host; mistakes in them are reported elsewhere. */
export function plannedLimits(own: Limits, around: Pick<PlannedLimits, 'timeout' | 'maxBody'>): PlannedLimits {
  return Object.freeze({
    timeout: own.timeout === undefined ? around.timeout : millisecondsOf(own.timeout),
    concurrency: own.concurrency,
    maxPending: own.maxPending,
    maxBody: own.maxBody ?? around.maxBody,
  });
}

export function checkLimits(where: string, limits: Limits, mistakes: Pick<Mistakes, 'add'>): void {
  const { timeout, concurrency, maxPending, maxBody } = limits;
  if (timeout !== undefined) mistakes.add(where, prefix('timeout ', durationProblem(timeout)));
  if (concurrency !== undefined) mistakes.add(where, countProblem('concurrency', concurrency, 1));
  checkMaxBody(where, maxBody, mistakes);
  if (maxPending === undefined) return;
  mistakes.add(where, countProblem('maxPending', maxPending, 0));
  if (concurrency === undefined)
    mistakes.add(where, 'has maxPending without concurrency; nothing waits where nothing is limited, so set both');
}

export function checkMaxUncredited(where: string, maxUncredited: unknown, mistakes: Pick<Mistakes, 'add'>): void {
  if (maxUncredited !== undefined) mistakes.add(where, countProblem('maxUncredited', maxUncredited, 1));
}

export function checkHostLimits({ maxBody, stopTimeout, inboxes }: HostLimits, mistakes: Pick<Mistakes, 'add'>): void {
  checkMaxBody('create()', maxBody, mistakes);
  checkInboxes(inboxes, mistakes);
  // Infinity waits for as long as it takes.
  if (stopTimeout !== undefined && stopTimeout !== Infinity)
    mistakes.add('create()', prefix('stopTimeout ', durationProblem(stopTimeout, 0)));
}

function checkInboxes(inboxes: unknown, mistakes: Pick<Mistakes, 'add'>): void {
  if (inboxes === undefined) return;
  if (!Array.isArray(inboxes)) {
    mistakes.add('create()', `inboxes must be an array of inbox prefixes such as ["my.inbox"], got ${shown(inboxes)}`);
    return;
  }
  for (const inbox of inboxes as unknown[]) mistakes.add('create()', prefix('inboxes: ', inboxPrefixProblem(inbox)));
}

function inboxPrefixProblem(inbox: unknown): string | undefined {
  if (typeof inbox !== 'string') return `a prefix must be a string, got ${shown(inbox)}`;
  const problem = subjectProblem(inbox.replace(/\.$/, ''), 'none');
  if (problem !== undefined) return `the prefix ${problem}`;
  if (!inbox.startsWith('$')) return undefined;
  return `the prefix ${shown(inbox)} begins with "$", which NATS reserves for system subjects; choose another`;
}

function checkMaxBody(where: string, maxBody: unknown, mistakes: Pick<Mistakes, 'add'>): void {
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
  return `${name} must be a whole number, ${least} or more, got ${shown(value)}`;
}

function prefix(words: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : words + problem;
}
