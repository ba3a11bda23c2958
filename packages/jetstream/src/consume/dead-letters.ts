import { setTimeout as delay } from 'node:timers/promises';
import type { HandlerSurroundings } from '@natsmith/core';
import { headerNameProblem, headersIn, headerValueProblem, oneLine, printable, type Message } from '@natsmith/protocol';
import { DEAD_LETTER_HEADERS, deadLetterSubject, ORIGINAL_PREFIX } from '../contract/dead-letter';
import { writtenDuration } from '../nats/duration';
import { LAST_SUBJECT_SEQUENCE } from '../publish/prepared-event';
import { publishAcknowledged } from '../publish/publish-acknowledged';
import { NO_STREAM, PublishError, WRONG_LAST_SEQUENCE } from '../publish/publish-error';
import type { ConsumerPlan } from './consumer-plan';
import type { Failure, HeldMessage } from './held-message';

/** Milliseconds between two attempts to write a letter. */
const RETRIES = [100, 500, 2_000, 5_000, 10_000];
const LAST_RETRY = 30_000;
/** What headers and subject of a letter take of the largest message, at most. */
const ROOM_FOR_HEADERS = 1024;
/** Characters of a description: it is a header of the letter. */
const MAX_DESCRIPTION = 1_000;

/** Writes dead letters of one consumer. */
export class DeadLetters {
  constructor(
    private readonly plan: ConsumerPlan,
    private readonly around: HandlerSurroundings,
  ) {}

  /**
   * Resolves when the stream of dead letters has the message; once for each message, however often it is written.
   * @throws when the service stops before that
   */
  async write(held: HeldMessage, failure: Failure): Promise<void> {
    const { deadLetters, stream, durable } = this.plan;
    if (deadLetters === undefined) return;
    const subject = deadLetterSubject(deadLetters, stream.name, durable, held.delivery.sequence);
    const [body, headers] = this.letterOf(held, failure);
    for (let i = 0; ; i++) {
      try {
        return await this.publish(subject, body, headers);
      } catch (err) {
        const { logger } = this.around.settings;
        const wait = RETRIES[i] ?? LAST_RETRY;
        logger.error({ subject, err }, `dead letter not written; trying again in ${writtenDuration(wait)}`);
        const { signal } = this.around.stopping;
        if (signal.aborted) throw err;
        await delay(wait, undefined, { ref: false, signal }).catch(() => undefined);
      }
    }
  }

  private letterOf({ message, delivery }: HeldMessage, failure: Failure): [Uint8Array, [string, string][]] {
    const { outlet } = this.around.settings;
    const headers: [string, string][] = [
      [LAST_SUBJECT_SEQUENCE, '0'],
      [DEAD_LETTER_HEADERS.stream, delivery.stream],
      [DEAD_LETTER_HEADERS.sequence, String(delivery.sequence)],
      [DEAD_LETTER_HEADERS.consumer, delivery.consumer],
      [DEAD_LETTER_HEADERS.subject, message.subject],
      [DEAD_LETTER_HEADERS.attempts, String(delivery.attempt)],
      [DEAD_LETTER_HEADERS.code, String(failure.code)],
      [DEAD_LETTER_HEADERS.description, oneLine(printable(failure.description, MAX_DESCRIPTION))],
      [DEAD_LETTER_HEADERS.time, new Date().toISOString()],
    ];
    const own = headers.length;
    const data = textOfData(failure.data);
    if (data !== undefined) headers.push([DEAD_LETTER_HEADERS.data, data]);
    headers.push(...originalHeaders(message));
    const size = headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value) + 4, ROOM_FOR_HEADERS);
    if (size + message.data.length <= outlet.maxPayload) return [message.data, headers];
    const kept = size <= outlet.maxPayload ? headers : headers.slice(0, own);
    return [new Uint8Array(0), [...kept, [DEAD_LETTER_HEADERS.bodyLost, String(message.data.length)]]];
  }

  private async publish(subject: string, body: Uint8Array, lines: [string, string][]): Promise<void> {
    try {
      await publishAcknowledged(this.around.settings.connection, subject, body, lines);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      // Buried before: the process died between the letter and the end of the message.
      if (WRONG_LAST_SEQUENCE.has(error.code)) return;
      if (error.code !== NO_STREAM) throw error;
      throw new PublishError(subject, NO_STREAM, error.description, 'is DEAD_LETTERS there, with this subject?');
    }
  }
}

/** The server would act on headers of its own. */
function* originalHeaders(message: Message): Iterable<[string, string]> {
  const headers = headersIn(message);
  for (const name of headers?.keys() ?? [])
    for (const value of headers?.getAll(name) ?? []) {
      const kept = /^Nats-/i.test(name) ? ORIGINAL_PREFIX + name : name;
      if (headerNameProblem(kept) === undefined && headerValueProblem(kept, value) === undefined) yield [kept, value];
    }
}

function textOfData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  try {
    const text = JSON.stringify(data) as string | undefined;
    return text === undefined || text.length > 8 * 1024 ? undefined : oneLine(text);
  } catch {
    return undefined; // it is in the log already
  }
}
