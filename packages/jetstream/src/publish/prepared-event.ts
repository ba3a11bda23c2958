import {
  anObject,
  checkedElsewhere,
  checkOptions,
  durationProblem,
  eventCodecOf,
  eventSubject,
  headerNameProblem,
  headerValueProblem,
  isEvent,
  millisecondsOf,
  shown,
  subjectProblem,
  type Duration,
  type Event,
  type HeaderLines,
  type OptionRules,
  type PublishOptions,
} from '@natsmith/protocol';
import type { Propagation } from './propagation';

/** What a stream must be like for it to store an event. */
export interface Expectation {
  /** The sequence of the last message of the stream; 0 where it has none. */
  readonly lastSequence?: number;
  /** The sequence of the last message on the event's subject; 0 where there is none. */
  readonly lastSubjectSequence?: number;
  /** The `messageId` that the last message of the stream was published with. */
  readonly lastMessageId?: string;
}

/** What publishing to a stream takes besides the payload and the values of named tokens. */
export interface JetStreamPublishOptions extends PublishOptions {
  /**
   * Names the event, so that a stream stores it once however often it is published within its `duplicateWindow`. It is
   * unique among the events of one subject: `Nats-Msg-Id` is `<subject>:<messageId>`.
   */
  readonly messageId?: string;
  /** Stores the event at this time, not now; nats-server 2.12. The receipt is that of the schedule. */
  readonly at?: Date;
  /** How long the stream keeps the event, one second or more; nats-server 2.11. */
  readonly ttl?: Duration;
  /** Stores the event only where nothing else was stored meanwhile. */
  readonly expect?: Expectation;
}

/** An event as it travels, checked and encoded; all of it can be kept in a database. */
export interface PreparedEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

export const MESSAGE_ID = 'Nats-Msg-Id';
export const TTL = 'Nats-TTL';
export const SCHEDULE = 'Nats-Schedule';
export const SCHEDULE_TARGET = 'Nats-Schedule-Target';
export const LAST_SUBJECT_SEQUENCE = 'Nats-Expected-Last-Subject-Sequence';
const OPTIONS: OptionRules<AnyOptions> = {
  params: checkedElsewhere,
  headers: checkedElsewhere,
  messageId: checkedElsewhere,
  at: checkedElsewhere,
  ttl: checkedElsewhere,
  expect: anObject,
};
const EXPECTATIONS: OptionRules<Expectation> = {
  lastSequence: checkedElsewhere,
  lastSubjectSequence: checkedElsewhere,
  lastMessageId: checkedElsewhere,
};

/** What `publish` takes besides the event and its payload, whatever the event. */
export type AnyOptions = JetStreamPublishOptions & { readonly params?: Readonly<Record<string, unknown>> };

/** An event that is ready to be sent. */
export interface Outgoing {
  readonly subject: string;
  readonly lines: HeaderLines;
  readonly body: Uint8Array;
}

/**
 * Checks an event and encodes it; nothing is sent.
 * @throws TypeError for options that cannot be, ServiceError 400 with the violations of the payload
 */
export async function outgoing(
  event: Event,
  payload: unknown,
  options: AnyOptions | undefined,
  propagation: Propagation,
): Promise<Outgoing> {
  if (!isEvent(event)) throw new TypeError('publish takes an event that event() has made');
  if (options !== undefined) checkOptions(options, OPTIONS, 'publish()');
  const subject = eventSubject(event, options?.params);
  const lines = options === undefined ? propagation.headers : linesOf(subject, options, propagation.headers);
  return { subject, lines, body: await eventCodecOf(event).encode(payload) };
}

/**
 * What was prepared, on its way out again.
 * @throws TypeError for what `prepare` has not made
 */
export function resumed(prepared: PreparedEvent): Outgoing {
  if (anObject(prepared) !== undefined)
    throw new TypeError(`send() takes what prepare() has made, got ${shown(prepared)}`);
  const { subject, headers, body } = prepared;
  const problem = subjectProblem(subject, 'none', 'plain');
  if (problem !== undefined) throw new TypeError(`subject of the prepared event ${problem}`);
  if (!((body as unknown) instanceof Uint8Array))
    throw new TypeError(`body of the prepared event must be a Uint8Array, got ${typeof body}`);
  return { subject, body, lines: givenLines(headers) };
}

export function prepared({ subject, lines, body }: Outgoing): PreparedEvent {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of lines) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return { subject, headers, body };
}

/** The value of a header of an event that goes out. */
export function lineOf(lines: HeaderLines, name: string): string | undefined {
  return lines.find(([other]) => other === name)?.[1];
}

function linesOf(subject: string, options: AnyOptions, carried: HeaderLines): HeaderLines {
  const { headers, messageId, at, ttl, expect } = options;
  const own = [
    ...(messageId === undefined ? [] : [[MESSAGE_ID, messageIdOf(subject, messageId)] as const]),
    ...(expect === undefined ? [] : expectLines(subject, expect)),
    ...(at === undefined ? [] : scheduleLines(subject, at, expect)),
    ...(ttl === undefined ? [] : [[at === undefined ? TTL : 'Nats-Schedule-TTL', ttlOf(ttl)] as const]),
  ];
  const given = headers === undefined ? [] : givenLines(headers);
  const names = new Set([...own, ...given].map(([name]) => name));
  const twice = given.find(([name]) => own.some(([other]) => other === name))?.[0];
  if (twice !== undefined) throw new TypeError(`header "${twice}" is what an option sets; leave it out of headers`);
  return [...carried.filter(([name]) => !names.has(name)), ...given, ...own];
}

function messageIdOf(subject: string, id: unknown): string {
  const problem =
    typeof id !== 'string' ? `got ${typeof id}` : id === '' ? 'got ""' : headerValueProblem(MESSAGE_ID, id);
  if (problem !== undefined) throw new TypeError(`messageId must be a string of one line, not empty: ${problem}`);
  return `${subject}:${id as string}`;
}

function expectLines(subject: string, expect: Expectation): HeaderLines {
  // One that is misspelt must not let everything be stored.
  checkOptions(expect, EXPECTATIONS, 'expect');
  const { lastSequence, lastSubjectSequence, lastMessageId } = expect;
  return [
    ...sequenceLine('lastSequence', 'Nats-Expected-Last-Sequence', lastSequence),
    ...sequenceLine('lastSubjectSequence', LAST_SUBJECT_SEQUENCE, lastSubjectSequence),
    ...(lastMessageId === undefined
      ? []
      : [['Nats-Expected-Last-Msg-Id', messageIdOf(subject, lastMessageId)] as const]),
  ];
}

function sequenceLine(option: string, name: string, value: number | undefined): HeaderLines {
  if (value === undefined) return [];
  if (Number.isSafeInteger(value) && value >= 0) return [[name, String(value)]];
  throw new TypeError(`expect.${option} must be a sequence number, 0 or more, got ${JSON.stringify(value)}`);
}

function scheduleLines(subject: string, at: unknown, expect: Expectation | undefined): HeaderLines {
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw new TypeError('at must be a Date that is valid');
  if (expect !== undefined)
    throw new TypeError('expect cannot go with at: the event is stored later, whatever there is');
  return [
    [SCHEDULE, `@at ${at.toISOString()}`],
    [SCHEDULE_TARGET, subject],
  ];
}

function ttlOf(ttl: Duration): string {
  const problem = durationProblem(ttl, 1_000);
  if (problem !== undefined) throw new TypeError(`ttl ${problem}`);
  return `${Math.ceil(millisecondsOf(ttl))}ms`;
}

function givenLines(headers: unknown): HeaderLines {
  // Callers of JavaScript, and columns of databases, give what they have.
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw new TypeError('headers must be an object of names and values, such as { "X-Trace": "abc" }');
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value as unknown]).map((one) => {
      const problem = headerNameProblem(name) ?? headerValueProblem(name, one);
      if (problem !== undefined) throw new TypeError(problem);
      return [name, one as string] as const;
    }),
  );
}
