import { setTimeout as delay } from 'node:timers/promises';
import type { HandlerSurroundings } from '@natsmith/core';
import { deadLetterSubject } from '../contract/dead-letter';
import { writtenDuration } from '../nats/duration';
import { publishAcknowledged } from '../publish/publish-acknowledged';
import { NO_STREAM, PublishError, TOO_LARGE, WRONG_LAST_SEQUENCE } from '../publish/publish-error';
import type { ConsumerPlan } from './consumer-plan';
import type { Failure, HeldMessage } from './held-message';
import { lettersOf, type Letter } from './letter';

/** Milliseconds between two attempts to write a letter. */
const RETRIES = [100, 500, 2_000, 5_000, 10_000];
const LAST_RETRY = 30_000;

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
    const letters = lettersOf(held, failure);
    for (let i = 0; ;) {
      try {
        return await this.publish(subject, this.firstThatFits(letters));
      } catch (err) {
        if (err instanceof PublishError && TOO_LARGE.has(err.code) && letters.length > 1) {
          letters.shift();
          continue;
        }
        const { logger } = this.around.settings;
        const wait = RETRIES[i++] ?? LAST_RETRY;
        logger.error({ subject, err }, `dead letter not written; trying again in ${writtenDuration(wait)}`);
        const { signal } = this.around.stopping;
        if (signal.aborted) throw err;
        await delay(wait, undefined, { ref: false, signal }).catch(() => undefined);
      }
    }
  }

  /** Looked at for each attempt: the connection may be to another server by then. */
  private firstThatFits(letters: Letter[]): Letter {
    const { maxPayload } = this.around.settings.outlet;
    while (letters.length > 1 && letters[0]!.size > maxPayload) letters.shift();
    return letters[0]!;
  }

  private async publish(subject: string, { body, headers }: Letter): Promise<void> {
    try {
      await publishAcknowledged(this.around.settings.connection, subject, body, headers);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      // Buried before: the process died between the letter and the end of the message.
      if (WRONG_LAST_SEQUENCE.has(error.code)) return;
      if (error.code !== NO_STREAM) throw error;
      throw new PublishError(subject, NO_STREAM, error.description, 'is DEAD_LETTERS there, with this subject?');
    }
  }
}
