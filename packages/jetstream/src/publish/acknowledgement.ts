import { isNoResponders, printable, textOf, type Message } from '@natsmith/protocol';
import { refusalIn } from '../nats/refusal';
import { NO_STREAM, PublishError } from './publish-error';

/** What a stream says of an event that it has stored. */
export interface PublishReceipt {
  readonly stream: string;
  /** Of the event in the stream; that of the first one for a duplicate. */
  readonly sequence: number;
  /** The stream had an event with this message id already, and has not stored this one. */
  readonly duplicate: boolean;
}

/** Bytes; a longer reply is nobody's acknowledgement. */
const LONGEST = 4_096;

/** What to do about refusals that a publisher can do something about. */
const HINTS: Readonly<Record<number, string>> = {
  10054: 'the message is over the largest size of the stream',
  10060: 'the event was published for another stream',
  10070: 'another event was stored since; read the present state and decide again',
  10071: 'another event was stored since; read the present state and decide again',
  10077: 'the stream is full and refuses new messages; raise its limits',
  10166: 'let natsmith ensure the stream, which allows it on nats-server 2.11 and later',
  10167: 'publish more slowly',
  10188: 'let natsmith ensure the stream, which allows it on nats-server 2.12 and later',
};

/**
 * Reads the reply to a published event: the receipt, or the error of the server. Undefined for what is not an acknowledgement:
 * any subscriber of the subject can answer, too.
 */
export function acknowledgementIn(message: Message, subject: string): PublishReceipt | PublishError | undefined {
  if (isNoResponders(message)) return new PublishError(subject, NO_STREAM, 'no stream');
  const { data } = message;
  if (data.length > LONGEST) return undefined;
  let reply: unknown;
  try {
    reply = JSON.parse(textOf(data));
  } catch {
    return undefined;
  }
  if (typeof reply !== 'object' || reply === null) return undefined;
  const { stream, seq, duplicate, error } = reply as Record<string, unknown>;
  if (error !== undefined) {
    const refusal = refusalIn(error);
    return refusal && new PublishError(subject, refusal.code, refusal.description, HINTS[refusal.code]);
  }
  if (typeof stream !== 'string' || stream === '' || !Number.isSafeInteger(seq) || (seq as number) < 1)
    return undefined;
  return { stream: printable(stream, 255), sequence: seq as number, duplicate: duplicate === true };
}
