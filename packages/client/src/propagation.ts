import { aSignal, optionProblem, shown, TRACE_HEADERS, type OptionRules } from '@natsmith/protocol';

/** What a handler's context offers to the calls that it makes; natsmith's `RequestContext` fits. */
export interface Carrier {
  readonly deadline?: Date | undefined;
  readonly signal?: AbortSignal;
  readonly headers?: { get(name: string): string | undefined };
}

/** What calls carry on of the request that they are made for. */
export interface Propagation {
  /** As `performance.now()`; Infinity for no deadline. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

export const NO_PROPAGATION: Propagation = { expiresAt: Infinity, signal: undefined, headers: [] };

const CARRIER: OptionRules<Carrier> = {
  deadline: (value) => (typeof (value as Partial<Date> | null)?.getTime === 'function' ? undefined : 'a Date'),
  signal: aSignal,
  headers: (value) =>
    typeof (value as { get?: unknown } | null)?.get === 'function' ? undefined : 'an object with get(name)',
};

/** @throws TypeError for anything but a context */
export function propagationOf(ctx: Carrier, before: Propagation): Propagation {
  if (typeof ctx !== 'object' || (ctx as unknown) === null)
    throw new TypeError(`with() takes the context of a handler, got ${shown(ctx)}`);
  const { deadline, signal, headers } = ctx;
  const problem =
    optionProblem('deadline', deadline, CARRIER) ??
    optionProblem('signal', signal, CARRIER) ??
    optionProblem('headers', headers, CARRIER);
  if (problem !== undefined) throw new TypeError(`with() was given a context that ${problem}`);
  // A Date has whole milliseconds only. One more, so that the request's own 504 comes before the errors of its calls.
  const left = deadline === undefined ? Infinity : deadline.getTime() + 1 - Date.now();
  const trace = TRACE_HEADERS.map((name) => [name, headers?.get(name)] as const);
  return {
    expiresAt: Math.min(before.expiresAt, performance.now() + left),
    signal: anySignal(before.signal, signal),
    headers: trace.filter((line): line is [string, string] => line[1] !== undefined),
  };
}

/** One signal of those that are there. */
export function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const there = signals.filter((signal) => signal !== undefined);
  return there.length < 2 ? there[0] : AbortSignal.any(there);
}
