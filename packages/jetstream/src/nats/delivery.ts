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
  const tokens = reply.split('.');
  if (tokens.length !== 9 && tokens.length !== 11 && tokens.length !== 12) return undefined;
  const [stream = '', consumer = ''] = tokens.slice(tokens.length === 9 ? 2 : 4);
  const numbersAt = tokens.slice(0, tokens.length === 9 ? 4 : 6).join('.').length + 1;
  return numbersOf(reply, numbersAt, tokens.length === 12, stream, consumer);
}

/**
 * Reads the deliveries of one consumer. All their reply subjects begin alike, so that after the first one only numbers
 * are left to be read: each message comes through here.
 */
export class DeliveryReader {
  private prefix: string | undefined;
  private hasToken = false;

  constructor(
    private readonly stream: string,
    private readonly consumer: string,
  ) {}

  /** Undefined for what is not a delivery of this consumer. */
  read(reply: string | undefined): Delivery | undefined {
    const { prefix, stream, consumer } = this;
    if (reply === undefined) return undefined;
    if (prefix !== undefined && reply.startsWith(prefix)) {
      const known = numbersOf(reply, prefix.length, this.hasToken, stream, consumer);
      if (known !== undefined) return known;
      // Learned from a forged one, or the server was upgraded: whether a token follows is learned again.
    }
    const delivery = deliveryOf(reply);
    if (delivery?.stream !== stream || delivery.consumer !== consumer) return undefined;
    const tokens = reply.split('.');
    this.prefix = `${tokens.slice(0, tokens.length === 9 ? 4 : 6).join('.')}.`;
    this.hasToken = tokens.length === 12;
    return delivery;
  }
}

/** The five numbers at a place of the subject, and whether a token follows; undefined for anything else. */
function numbersOf(
  reply: string,
  start: number,
  hasToken: boolean,
  stream: string,
  consumer: string,
): Delivery | undefined {
  const attemptEnd = endOfNumber(reply, start);
  const sequenceEnd = endOfNumber(reply, attemptEnd + 1);
  const deliveryEnd = endOfNumber(reply, sequenceEnd + 1);
  const timeEnd = endOfNumber(reply, deliveryEnd + 1);
  const pendingEnd = endOfNumber(reply, timeEnd + 1);
  // What is not a number leaves NaN to all that follow it.
  if (
    hasToken ? !(reply.indexOf('.', pendingEnd + 1) === -1 && pendingEnd < reply.length) : pendingEnd !== reply.length
  )
    return undefined;
  return new DeliveryInSubject(
    stream,
    consumer,
    numberAt(reply, start, attemptEnd),
    numberAt(reply, attemptEnd + 1, sequenceEnd),
    numberAt(reply, sequenceEnd + 1, deliveryEnd),
    numberAt(reply, timeEnd + 1, pendingEnd),
    reply,
    deliveryEnd + 1,
  );
}

class DeliveryInSubject implements Delivery {
  constructor(
    readonly stream: string,
    readonly consumer: string,
    readonly attempt: number,
    readonly sequence: number,
    readonly delivery: number,
    readonly pending: number,
    private readonly subject: string,
    private readonly timeAt: number,
  ) {}

  get time(): number {
    const end = endOfNumber(this.subject, this.timeAt) - BELOW_MILLISECONDS;
    return end > this.timeAt ? numberAt(this.subject, this.timeAt, end) : 0;
  }
}

/** Where the number at a place ends, at a dot or with the subject; NaN where there is none. */
function endOfNumber(subject: string, start: number): number {
  let end = start;
  for (; end < subject.length; end++) {
    const code = subject.charCodeAt(end);
    if (code === DOT) break;
    if (code < 48 || code > 57) return NaN;
  }
  return end > start && end - start <= MAX_DIGITS ? end : NaN;
}

function numberAt(subject: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + subject.charCodeAt(i) - 48;
  return value;
}
