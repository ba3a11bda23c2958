/** What the server says of a delivery, in the reply subject that it is acknowledged on. */
export interface Delivery {
  readonly stream: string;
  readonly consumer: string;
  /** How often the message has been delivered, this time included. */
  readonly attempt: number;
  /** Of the message in the stream. */
  readonly sequence: number;
  /** Of the delivery: one more each time, so that a gap is a delivery that was lost. */
  readonly delivery: number;
  /** When the stream took the message, in milliseconds since 1970. */
  readonly time: number;
  /** How many messages of the consumer have not been delivered yet. */
  readonly pending: number;
}

const PREFIX = '$JS.ACK.';
const DOT = 46;
/** Of the largest number of 64 bits. */
const MAX_DIGITS = 20;
/** Digits of nanoseconds below a millisecond. */
const BELOW_MILLISECONDS = 6;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<time>.<pending>`; since 2.14 domain and account
 * may stand before the stream, and a token of the server's behind. Undefined for any other subject: everybody can
 * publish to an inbox that he knows.
 */
export function deliveryOf(reply: string | undefined): Delivery | undefined {
  if (reply?.startsWith(PREFIX) !== true) return undefined;
  const tokens = countTokens(reply);
  if (tokens !== 9 && tokens !== 11 && tokens !== 12) return undefined;
  // Each message of a consumer comes through here: no array is made of the tokens.
  let start = PREFIX.length;
  if (tokens !== 9) start = after(reply, after(reply, start));
  const consumerAt = after(reply, start);
  const attemptAt = after(reply, consumerAt);
  const sequenceAt = after(reply, attemptAt);
  const deliveryAt = after(reply, sequenceAt);
  const timeAt = after(reply, deliveryAt);
  const pendingAt = after(reply, timeAt);
  const attempt = numberAt(reply, attemptAt, sequenceAt - 1);
  const sequence = numberAt(reply, sequenceAt, deliveryAt - 1);
  const delivery = numberAt(reply, deliveryAt, timeAt - 1);
  const time = numberAt(reply, timeAt, pendingAt - 1, BELOW_MILLISECONDS);
  const end = tokens === 12 ? after(reply, pendingAt) - 1 : reply.length;
  const pending = numberAt(reply, pendingAt, end);
  // NaN as soon as one of them is not a number.
  if (Number.isNaN(attempt + sequence + delivery + time + pending)) return undefined;
  return {
    stream: reply.slice(start, consumerAt - 1),
    consumer: reply.slice(consumerAt, attemptAt - 1),
    attempt,
    sequence,
    delivery,
    time,
    pending,
  };
}

/** Where the token behind that of a place begins; beyond the end where there is none. */
function after(subject: string, start: number): number {
  const dot = subject.indexOf('.', start);
  return dot === -1 ? subject.length + 1 : dot + 1;
}

function countTokens(subject: string): number {
  // Two are in the prefix.
  let count = 3;
  for (let i = PREFIX.length; i < subject.length; i++) if (subject.charCodeAt(i) === DOT) count++;
  return count;
}

/** The number of decimal digits at a place, without the last `less` of them; NaN for anything else. */
function numberAt(subject: string, start: number, end: number, less = 0): number {
  if (end <= start || end - start > MAX_DIGITS) return NaN;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = subject.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    if (i < end - less) value = value * 10 + digit;
  }
  return value;
}
