import {
  checkedElsewhere,
  headerBlock,
  headersOf,
  isNoResponders,
  MAX_TIMER,
  millisecondsOfOption,
  printable,
  shown,
  UnusableReply,
  type Duration,
  type OptionRules,
  type Message,
  type ReceivedHeaders,
  type ReplyProblem,
} from '@natsmith/protocol';
import { EMPTY } from '../call/body';
import { headerLines, type HeaderValues } from '../call/header-lines';
import { checkSubject } from '../service/params';
import { Gathered } from './replies';
import type { Inbox } from '../nats/inbox';
import type { Address } from '../nats/receiver';

/** How much is gathered. */
export interface GatherLimits {
  /** How long in all: milliseconds, or a string such as `'2s'`; default 2,000 ms. */
  timeout?: Duration;
  /** How long after the latest reply; default 300 ms. */
  stall?: Duration;
  /** Replies; default 10,000. Whether there were more is in `problems`. */
  max?: number;
}

/** The same, in milliseconds. */
export interface CheckedLimits {
  readonly timeout: number;
  readonly stall: number;
  readonly max: number;
}

/** Where nobody says otherwise. */
export const DEFAULT_LIMITS: CheckedLimits = { timeout: 2_000, stall: 300, max: 10_000 };

/** Bytes that the replies to one question may have altogether. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_REASON = 400;

/** What `client.requestMany` takes. */
export interface RequestManyOptions extends GatherLimits {
  headers?: HeaderValues;
}

export const LIMIT_OPTIONS: OptionRules<GatherLimits> = {
  timeout: checkedElsewhere,
  stall: checkedElsewhere,
  max: checkedElsewhere,
};

export const REQUEST_MANY_OPTIONS: OptionRules<RequestManyOptions> = { ...LIMIT_OPTIONS, headers: checkedElsewhere };

/** One of many replies, as it came. */
export interface RawReply {
  readonly data: Uint8Array;
  readonly headers: ReceivedHeaders;
  /** Milliseconds from the request to this reply. */
  readonly rtt: number;
}

/** A request that many answer. */
export interface Question<T> {
  readonly subject: string;
  readonly body?: Uint8Array;
  readonly headers?: { encode(): Uint8Array };
  readonly limits: CheckedLimits;
  /** How many usable replies are known to come; Infinity where that is unknown. */
  readonly expected: number;
  /** Makes a member of a reply; what it throws is that reply's problem. @param rtt milliseconds since the request */
  read(message: Message, rtt: number): T;
  /** The error where the only answer asked for cannot be used; undefined where there is none. */
  fail?(problems: readonly ReplyProblem[]): Error;
}

/** Sends one request and gathers its replies until they stop coming; nobody listening is no reply, at once. */
export function requestMany<T>(inbox: Inbox, question: Question<T>): Gathered<T> {
  const { subject, body = EMPTY, headers, limits, expected } = question;
  return new Gathered<T>((sink) => {
    const problems: ReplyProblem[] = [];
    let found = 0;
    let bytes = 0;
    const startedAt = performance.now();
    let stall: NodeJS.Timeout | undefined;
    let address: Address | undefined;
    const stop = (): void => {
      clearTimeout(stall);
      clearTimeout(total);
      address?.close();
    };
    const refuse = (problem: ReplyProblem): void => {
      problems.push(problem);
      sink.refuse(problem);
    };
    const finish = (error?: Error): void => {
      stop();
      sink.end(error ?? (found === 0 && problems.length > 0 ? question.fail?.(problems) : undefined));
    };
    const total = setTimeout(() => finish(), Math.min(limits.timeout, MAX_TIMER));
    const onMessage = (message: Message): void => {
      if (isNoResponders(message)) return finish();
      bytes += message.data.length;
      if (found + problems.length >= limits.max || bytes > MAX_BYTES) {
        refuse({ reason: `more than ${found + problems.length} replies on ${subject} are not read` });
        return finish();
      }
      try {
        const item = question.read(message, performance.now() - startedAt);
        found++;
        sink.add(item);
      } catch (error) {
        refuse(problemOf(error));
      }
      if (found >= expected) return finish();
      clearTimeout(stall);
      stall = setTimeout(() => finish(), Math.min(limits.stall, MAX_TIMER));
    };
    try {
      address = inbox.open({ to: subject, isCall: true, onMessage, onError: finish });
      inbox.request(address, subject, body, headers);
    } catch (error) {
      finish(error as Error);
    }
    return stop;
  });
}

/** Asks all who listen on a subject, with the given headers alone, and gathers the replies as they come. */
export function requestManyRaw(
  inbox: Inbox,
  subject: string,
  body: Uint8Array | undefined,
  options: RequestManyOptions,
): Gathered<RawReply> {
  checkSubject(subject);
  return requestMany<RawReply>(inbox, {
    subject,
    ...(body !== undefined && { body: bytesOf(body) }),
    ...(options.headers && { headers: headerBlock(headerLines([], options.headers)) }),
    limits: checkedLimits(options, DEFAULT_LIMITS),
    expected: Infinity,
    read: rawReply,
  });
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new TypeError(`requestMany() sends a Uint8Array, got ${shown(body)}; encode it, or ask by gather()`);
}

/** A reply as it came. */
export function rawReply(message: Message, rtt: number): RawReply {
  return { data: message.data, headers: headersOf(message), rtt };
}

/** Limits with the defaults for what is left out. @throws TypeError */
export function checkedLimits(given: GatherLimits, defaults: CheckedLimits): CheckedLimits {
  const limits = {
    timeout: millisecondsOfOption('timeout', given.timeout) ?? defaults.timeout,
    stall: millisecondsOfOption('stall', given.stall) ?? defaults.stall,
    max: given.max ?? defaults.max,
  };
  for (const [name, value] of Object.entries(limits))
    if (typeof value !== 'number' || !(value > 0))
      throw new TypeError(`${name} must be a positive number, got ${String(value)}`);
  return limits;
}

function problemOf(error: unknown): ReplyProblem {
  if (error instanceof UnusableReply) return error.problem;
  return { reason: printable(error instanceof Error ? error.message : String(error), MAX_REASON) };
}
