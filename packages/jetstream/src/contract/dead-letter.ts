import { makeStream, type EventStream } from './event-stream';

/** The stream that dead letters go to. */
export const DEAD_LETTER_STREAM = 'DEAD_LETTERS';
/** What their subjects begin with, unless the consumer says otherwise. */
export const DEAD_LETTER_PREFIX = 'dead';

/** What a dead letter says of its message, besides the message's own headers. */
export const DEAD_LETTER_HEADERS = {
  stream: 'Natsmith-Stream',
  sequence: 'Natsmith-Sequence',
  consumer: 'Natsmith-Consumer',
  subject: 'Natsmith-Subject',
  attempts: 'Natsmith-Attempts',
  code: 'Natsmith-Code',
  description: 'Natsmith-Description',
  /** JSON, where the failure has data and it is small. */
  data: 'Natsmith-Data',
  /** When it was buried, as ISO 8601. */
  time: 'Natsmith-Time',
  /** Bytes of a body that did not fit into the server's `max_payload`. */
  bodyLost: 'Natsmith-Body-Lost',
} as const;

/** Stands before headers of the original that the server would act on, or that would say something of the letter. */
export const ORIGINAL_PREFIX = 'Natsmith-Original-';

const OWN = new Set(Object.values(DEAD_LETTER_HEADERS).map((name) => name.toLowerCase()));

/** Whether a header means something in a letter itself: one of its message is kept by another name. */
export function isOfLetter(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('nats-') || lower.startsWith(ORIGINAL_PREFIX.toLowerCase()) || OWN.has(lower);
}
/** Says which consumer a replayed message is for; others acknowledge it unseen. */
export const REPLAY_HEADER = 'Natsmith-Replay-For';

/** The subject of a message's only dead letter. */
export function deadLetterSubject(prefix: string, stream: string, durable: string, sequence: number): string {
  return `${prefix}.${stream}.${durable}.${sequence}`;
}

/** The stream of dead letters, which stay until somebody looks at them. @param prefixes of their subjects */
export function deadLetterStream(prefixes: readonly string[]): EventStream {
  const stream = makeStream(DEAD_LETTER_STREAM, { subjects: prefixes.map((prefix) => `${prefix}.>`) });
  shared.add(stream);
  return stream;
}

const shared = new WeakSet<EventStream>();

/** Whether other programs store in the stream, too: subjects that nobody here knows are theirs. */
export function isShared(stream: EventStream): boolean {
  return shared.has(stream);
}
