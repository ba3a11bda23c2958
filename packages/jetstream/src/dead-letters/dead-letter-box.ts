import {
  aCount,
  aString,
  checkConnection,
  checkOptions,
  headerBlock,
  headerNameProblem,
  headerValueProblem,
  subjectCovers,
  subjectProblem,
  type Connection,
  type OptionRules,
} from '@natsmith/protocol';
import { DEAD_LETTER_STREAM, REPLAY_HEADER } from '../contract/dead-letter';
import { managerOf } from '../nats/manager';
import { storedMessage, type StoredMessage, type StoredQuery } from '../nats/stored-message';
import { failureIn, isNothing } from '../provision/management-error';
import type { PublishReceipt } from '../publish/acknowledgement';
import { Publication } from '../publish/publication';
import { PublishWindow } from '../publish/publish-window';
import { UnacknowledgedError } from '../publish/publish-error';
import { deadLetterIn, type DeadLetter } from './dead-letter';

/** Which dead letters are meant. */
export interface DeadLetterFilter {
  /** Of messages of this stream. */
  readonly stream?: string;
  /** Of those that this durable has buried. */
  readonly consumer?: string;
  /** The first ones; default all. */
  readonly limit?: number;
}

const FILTER: OptionRules<DeadLetterFilter> = {
  stream: aString,
  consumer: aString,
  limit: (value) => (value === Infinity ? undefined : aCount(value)),
};
const TIMEOUT = 5_000;

/** Looks after messages that consumers have given up: reads them, sends them again to their consumers, removes them. */
export class DeadLetterBox {
  /** @param connection a connection of `nats` 2 or of `@nats-io/transport-node` 3, which stays the caller's */
  constructor(private readonly connection: Connection) {
    checkConnection(connection, 'new DeadLetterBox()');
  }

  /** Dead letters, the oldest first, one after the other. @throws TypeError for a filter that is unknown or wrong */
  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter, void> {
    // One that is misspelt must not give all of them to who removes what he gets.
    checkOptions(filter, FILTER, 'list()');
    const { stream, consumer, limit = Infinity } = filter;
    let next = 1;
    for (let found = 0; found < limit;) {
      const stored = await this.stored({ seq: next, next_by_subj: '>' });
      if (stored === undefined) return;
      next = stored.sequence + 1;
      const letter = deadLetterIn(stored);
      if (letter === undefined) continue;
      if ((stream ?? letter.stream) !== letter.stream || (consumer ?? letter.consumer) !== letter.consumer) continue;
      found++;
      yield letter;
    }
  }

  /** One dead letter; undefined where there is none with this id. */
  async get(id: number): Promise<DeadLetter | undefined> {
    const stored = await this.stored({ seq: id });
    return stored === undefined ? undefined : deadLetterIn(stored);
  }

  /**
   * Sends the message again into its stream, for the consumer that buried it alone, and then removes the letter. Done
   * twice by mistake, or cut off in between, it is stored once within the stream's `duplicateWindow`.
   * @throws Error when the message cannot be sent again: its body is lost, or its stream does not store its subject
   */
  async replay(letter: DeadLetter): Promise<PublishReceipt> {
    if (letter.bodyLost !== undefined)
      throw new Error(
        `the body of dead letter ${letter.id} (${letter.bodyLost} bytes) was too large to be kept; publish it again where it came from`,
      );
    await this.checkSubject(letter);
    const receipt = await this.publish(letter);
    await this.remove(letter.id);
    return receipt;
  }

  /** Removes a dead letter for good; false where there was none. */
  async remove(id: number): Promise<boolean> {
    const manager = await managerOf(this.connection);
    try {
      return await manager.streams.deleteMessage(DEAD_LETTER_STREAM, id);
    } catch (error) {
      if (isNothing(error)) return false;
      throw error;
    }
  }

  private stored(query: StoredQuery): Promise<StoredMessage | undefined> {
    return storedMessage(this.connection, DEAD_LETTER_STREAM, query);
  }

  /** Who can write dead letters must not publish anywhere with the rights of who replays them. */
  private async checkSubject({ id, stream, subject }: DeadLetter): Promise<void> {
    const problem = subjectProblem(subject, 'none', 'plain');
    if (problem !== undefined || subject.startsWith('$'))
      throw new Error(`dead letter ${id} names the subject ${JSON.stringify(subject)}, which cannot be published to`);
    const manager = await managerOf(this.connection);
    const { config } = await manager.streams.info(stream).catch((cause: unknown) => {
      throw new Error(`dead letter ${id} is of the stream "${stream}": ${failureIn(cause).words}`, { cause });
    });
    if (!config.subjects.some((one) => subjectCovers(one, subject)))
      throw new Error(
        `dead letter ${id} is of ${subject}, which stream "${stream}" does not store any more; give the stream that subject, or remove the letter`,
      );
  }

  private publish({ id, stream, consumer, sequence, subject, headers, body }: DeadLetter): Promise<PublishReceipt> {
    const own = Object.entries(headers)
      .filter(([name]) => !/^nats-/i.test(name) && name !== REPLAY_HEADER)
      .flatMap(([name, values]) => values.map((value) => [name, value] as const))
      .filter(([name, value]) => (headerNameProblem(name) ?? headerValueProblem(name, value)) === undefined);
    const lines = [
      ...own,
      [REPLAY_HEADER, consumer] as const,
      ['Nats-Msg-Id', `replay:${stream}:${consumer}:${sequence}:${id}`] as const,
    ];
    const now = performance.now();
    const onTimeout = (): Error => new UnacknowledgedError(subject, `no acknowledgement within ${TIMEOUT} ms`);
    const window = PublishWindow.of(this.connection);
    return window.publish(
      new Publication(subject, body, headerBlock(lines), true, now, now + TIMEOUT, onTimeout, undefined),
    );
  }
}
