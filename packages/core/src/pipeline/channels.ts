import { channel, type Channel } from 'node:diagnostics_channel';
import type { MessageContext } from '../define/handler';
import type { Context, MessageTrace } from './context';

/** How a message ended: with a value, with an error, or without having been handled (no place left, or the stop of the service). */
export type Outcome = 'done' | 'failed' | 'abandoned';

/**
 * Published on the channel `natsmith:message:start` when a message is about to be handled, or is turned away. A store
 * that is bound to the channel (`channel.bindStore`) is there in middleware, handler, generator bodies and log lines.
 */
export interface MessageStart {
  /** The same object on all channels, so that a WeakMap keeps what belongs to the message. */
  readonly ctx: MessageContext;
  /** Milliseconds that the message has waited for a place under `concurrency`. */
  readonly waited: number;
  /**
   * Set by a listener, it is given what is to run: middleware, handler, generator bodies. It calls it once, in the scope of
   * its choice. Not called for a message that is turned away. A listener that finds one there already
   * calls it inside its own.
   */
  around: ((run: () => void) => void) | undefined;
  /** Set by a listener that traces messages: `ctx.traceId` and log lines name it, and so do the exemplars of metrics. */
  trace: MessageTrace | undefined;
}

/** Published on the channel `natsmith:message:error` when a message fails or is turned away, before its end. */
export interface MessageError {
  readonly ctx: MessageContext;
  /** What was thrown, as it was: its text and stack are not for callers. */
  readonly error: unknown;
}

/**
 * Published on the channel `natsmith:message:end` when the outcome of a message is settled: the reply or the last item of
 * its stream has gone out, the message is acknowledged. Once for each start.
 */
export interface MessageEnd extends Omit<MessageStart, 'around' | 'trace'> {
  readonly outcome: Outcome;
  /** Of the error that the caller, or STATS, sees; undefined where the outcome is `done`. */
  readonly code: number | undefined;
  readonly description: string | undefined;
  /** Milliseconds since the start, as they count in STATS. */
  readonly duration: number;
  /** What a listener has set at the start. */
  readonly trace: MessageTrace | undefined;
  /** What the kind says of how it was settled besides: `Settlement` and `BatchSettlement` of `@natsmith/jetstream`. */
  readonly settlement?: object;
}

// Node forgets channels that nobody holds.
export const messageStart = channel('natsmith:message:start') as Channel<unknown, MessageStart>;
export const messageError = channel('natsmith:message:error') as Channel<unknown, MessageError>;
export const messageEnd = channel('natsmith:message:end') as Channel<unknown, MessageEnd>;

/** What kinds make of the class is a context of theirs. */
export function contextOf(run: Context): MessageContext {
  return run as unknown as MessageContext;
}

/** Publishes the start of a message that is turned away. */
export function publishStart(run: Context): void {
  const start = startOf(run);
  messageStart.publish(start);
  run.trace = start.trace;
}

/** A message that runs from its middleware inwards. */
interface Executable extends Context {
  execute(): void;
}

/** Publishes the start, then executes in its bound stores and inside `around`. */
export function executeObserved(run: Executable): void {
  const start = startOf(run);
  messageStart.runStores(start, executeStarted, undefined, run, start);
}

function executeStarted(run: Executable, { trace, around }: MessageStart): void {
  run.trace = trace;
  if (around === undefined) run.execute();
  else executeAround(around, run);
}

function startOf(run: Context): MessageStart {
  // With what listeners may set: V8 has no room for it in the object else.
  return { ctx: contextOf(run), waited: run.startedAt - run.arrivedAt, around: undefined, trace: undefined };
}

/** The message runs once, whatever the listener does; what that throws ends as errors of listeners do. */
function executeAround(around: (run: () => void) => void, run: Executable): void {
  let hasRun = false;
  const once = (): void => {
    if (hasRun) return;
    hasRun = true;
    run.execute();
  };
  try {
    around(once);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
  once();
}

/** @param error `<code>:<description>`, undefined for a success */
export function endOf(
  run: Context,
  outcome: Outcome,
  duration: number,
  error: string | undefined,
  settlement: MessageEnd['settlement'],
): MessageEnd {
  const colon = error === undefined ? -1 : error.indexOf(':');
  // Written out: spreading an object here costs as much as handling a request.
  const end: { -readonly [Field in keyof MessageEnd]: MessageEnd[Field] } = {
    ctx: contextOf(run),
    waited: run.startedAt - run.arrivedAt,
    outcome,
    code: error === undefined ? undefined : Number(error.slice(0, colon)),
    description: error?.slice(colon + 1),
    duration,
    trace: run.trace,
  };
  if (settlement !== undefined) end.settlement = settlement;
  return end;
}
