import {
  aCount,
  anObject,
  checkedElsewhere,
  checkOptions,
  declaredSet,
  durationProblem,
  isEvent,
  nameProblem,
  oneOf,
  parseTemplate,
  shown,
  subjectCovers,
  subjectProblem,
  subjectsOverlap,
  wholeNumber,
  type OptionRules,
} from '@natsmith/protocol';
import type { Duration, Event } from '@natsmith/protocol';

/** What a stream keeps, and for how long. */
export interface EventStreamOptions<E extends Event = Event> {
  /** The events that the stream stores; its subjects are theirs. */
  readonly events?: readonly E[];
  /** Subjects that the stream stores besides those of its events; `*` and `>` are allowed. */
  readonly subjects?: readonly string[];
  /** `limits` (default), `workqueue` or `interest`, as NATS has them. */
  readonly retention?: 'limits' | 'workqueue' | 'interest';
  /** `file` (default) or `memory`. */
  readonly storage?: 'file' | 'memory';
  /** How long a message is kept; default without end. */
  readonly maxAge?: Duration;
  /** Bytes; default without limit. */
  readonly maxBytes?: number;
  /** Messages; default without limit. */
  readonly maxMessages?: number;
  /** Copies in a cluster, 1 to 5; default 1. */
  readonly replicas?: number;
  /** How long message ids are remembered; default that of the server, 2 minutes. */
  readonly duplicateWindow?: Duration;
  /** What gives way when a limit is reached: the `old` messages (default), or `new` ones are refused. */
  readonly discard?: 'old' | 'new';
}

/** A stream by contract: its name, its events and its limits. Made by {@link eventStream}. */
export interface EventStream<E extends Event = Event> {
  readonly name: string;
  readonly events: readonly E[];
  /** Subjects as the server has them: `orders.*.placed`. */
  readonly subjects: readonly string[];
  readonly options: EventStreamOptions<E>;
}

const OPTIONS: OptionRules<EventStreamOptions> = {
  events: checkedElsewhere,
  subjects: checkedElsewhere,
  retention: oneOf('limits', 'workqueue', 'interest'),
  storage: oneOf('file', 'memory'),
  maxAge: checkedElsewhere,
  maxBytes: aCount,
  maxMessages: aCount,
  replicas: wholeNumber(1, 5),
  duplicateWindow: checkedElsewhere,
  discard: oneOf('old', 'new'),
};

/**
 * Declares a stream: what it stores and what it keeps. `provision` creates it, and compares it with what the server has.
 * @param name letters, digits, "_" and "-"
 * @throws TypeError that says what is wrong with the name or an option
 */
export function eventStream<const E extends Event = Event>(
  name: string,
  options: EventStreamOptions<E>,
): EventStream<E> {
  const stream = makeStream(name, options);
  declared.add(stream);
  return stream;
}

/** A stream that is not among the declared ones: those of natsmith itself are made where something needs them. */
export function makeStream<const E extends Event = Event>(
  name: string,
  options: EventStreamOptions<E>,
): EventStream<E> {
  const where = `stream ${JSON.stringify(name)}`;
  const unnameable = streamNameProblem(name);
  if (unnameable !== undefined) throw new TypeError(`${where}: ${unnameable}`);
  if (anObject(options) !== undefined)
    throw new TypeError(`${where} needs { events: [...] } or { subjects: [...] }, got ${shown(options)}`);
  checkOptions(options, OPTIONS, where);
  const problem = contentProblem(options);
  if (problem !== undefined) throw new TypeError(`${where}: ${problem}`);
  const events = options.events ?? [];
  const subjects = [
    ...new Set([...events.map((one) => parseTemplate(one.subject).subject), ...(options.subjects ?? [])]),
  ];
  // A stream may not name a subject twice, nor two that overlap: the wider one is enough.
  const widest = subjects.filter((one) => !subjects.some((other) => other !== one && subjectCovers(other, one)));
  const clash = overlapAmong(widest);
  if (clash !== undefined) throw new TypeError(`${where}: ${clash}`);
  return Object.freeze({
    name,
    events: Object.freeze([...events]),
    subjects: Object.freeze(widest),
    options: Object.freeze({ ...options }),
  });
}

const declared = declaredSet<EventStream>('natsmith.streams');

/** All streams that this process has declared until now, in their order. */
export function declaredStreams(): readonly EventStream[] {
  return [...declared];
}

function overlapAmong(subjects: readonly string[]): string | undefined {
  for (const [i, one] of subjects.entries())
    for (const other of subjects.slice(i + 1))
      if (subjectsOverlap(one, other))
        return `subjects "${one}" and "${other}" overlap, which the server refuses; name one that covers both, such as with ">"`;
  return undefined;
}

function streamNameProblem(name: unknown): string | undefined {
  const problem = nameProblem(name);
  if (problem !== undefined) return `name ${problem}`;
  return (name as string).length > 255 ? 'name is longer than 255 characters' : undefined;
}

function contentProblem({ events, subjects, maxAge, duplicateWindow }: EventStreamOptions): string | undefined {
  if (events !== undefined && !(Array.isArray(events) && events.every(isEvent)))
    return 'events must be an array of events made by event(); is one used before its declaration?';
  if (subjects !== undefined && !Array.isArray(subjects)) return 'subjects must be an array of strings';
  for (const subject of (subjects ?? []) as readonly string[]) {
    const problem = subjectProblem(subject, 'all', 'plain');
    if (problem === undefined && /[{}]/.test(subject)) return `subject "${subject}" has braces; write "*" for a token`;
    if (problem !== undefined) return `subject ${problem}`;
  }
  if ((events?.length ?? 0) + (subjects?.length ?? 0) === 0) return 'needs at least one event or subject';
  return durationOf('maxAge', maxAge) ?? durationOf('duplicateWindow', duplicateWindow);
}

function durationOf(option: string, value: Duration | undefined): string | undefined {
  const problem = value === undefined ? undefined : durationProblem(value);
  return problem === undefined ? undefined : `${option} ${problem}`;
}
