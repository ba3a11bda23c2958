import { headerValueProblem, shown, TRACE_HEADERS, type PublishContext } from '@natsmith/protocol';

/** What publishes carry on of the request or event that they are made for, and what bounds them. */
export interface Propagation {
  /** As `performance.now()`; Infinity for no deadline. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

export const NO_PROPAGATION: Propagation = { expiresAt: Infinity, signal: undefined, headers: [] };

/** @throws TypeError for anything but a context */
export function propagationOf(ctx: PublishContext): Propagation {
  if (typeof (ctx as Partial<PublishContext> | null | undefined)?.headers?.get !== 'function')
    throw new TypeError(`with() takes the context of a handler, got ${shown(ctx)}`);
  const { headers, deadline, signal } = ctx;
  // A Date has whole milliseconds only. One more, so that the request's own 504 comes before the errors of its publishes.
  const left = deadline === undefined ? Infinity : deadline.getTime() + 1 - Date.now();
  // They come from the wire: what could not be sent on must not make the publish fail.
  const trace = TRACE_HEADERS.map((name) => [name, headers.get(name)] as const).filter(
    (line): line is [string, string] => line[1] !== undefined && headerValueProblem(line[0], line[1]) === undefined,
  );
  return { expiresAt: performance.now() + left, signal, headers: trace };
}
