import { isNoResponders, type Message } from '@natsmith/protocol';
import { EMPTY } from './body';
import { Gathered } from './gathered';
import type { Address, Inbox } from './inbox';

/** How long replies are gathered. */
export interface GatherLimits {
  /** Milliseconds in all; default 2,000. */
  timeout?: number;
  /** Milliseconds after the latest reply; default 300. */
  stall?: number;
}

/** A request that many answer. */
export interface Question<T> {
  readonly subject: string;
  readonly body?: Uint8Array;
  readonly headers?: { encode(): Uint8Array };
  readonly limits: Required<GatherLimits>;
  /** How many replies are known to come; Infinity where that is unknown. */
  readonly expected: number;
  /** Makes a member of a reply; what it throws is told at the end. @param rtt milliseconds since the request */
  read(message: Message, rtt: number): T;
  /** The error for replies that could not be read. */
  fail(problems: readonly Error[], found: readonly T[]): Error;
}

/** Sends one request and gathers its replies until they stop coming; nobody listening is no reply, at once. */
export function askAll<T>(inbox: Inbox, question: Question<T>): Gathered<T> {
  const { subject, body = EMPTY, headers, limits, expected } = question;
  return new Gathered<T>((sink) => {
    const found: T[] = [];
    const problems: Error[] = [];
    const startedAt = performance.now();
    let stall: NodeJS.Timeout | undefined;
    let address: Address | undefined;
    const stop = (): void => {
      clearTimeout(stall);
      clearTimeout(total);
      address?.close();
    };
    const finish = (error?: Error): void => {
      stop();
      sink.end(error ?? (problems.length > 0 ? question.fail(problems, found) : undefined));
    };
    const total = setTimeout(() => finish(), limits.timeout);
    const onMessage = (message: Message): void => {
      if (isNoResponders(message)) return finish();
      try {
        const item = question.read(message, performance.now() - startedAt);
        found.push(item);
        sink.add(item);
      } catch (error) {
        problems.push(error as Error);
      }
      if (found.length + problems.length >= expected) return finish();
      clearTimeout(stall);
      stall = setTimeout(() => finish(), limits.stall);
    };
    try {
      address = inbox.open({ to: subject, onMessage, onError: finish });
      inbox.publish(subject, body, { reply: address.subject, ...(headers && { headers }) });
    } catch (error) {
      finish(error as Error);
    }
    return stop;
  });
}
