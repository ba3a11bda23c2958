import { textOf, type Message } from '@natsmith/protocol';

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
  /** The subject itself, where the delivery is acknowledged. */
  readonly reply: Uint8Array;
}

const PREFIX = Buffer.from('$JS.ACK.');
const DOT = 46;
/** Of the largest number of 64 bits. */
const MAX_DIGITS = 20;
/** Digits of nanoseconds below a millisecond. */
const BELOW_MILLISECONDS = 6;

/** The reply subject of a message in bytes, as the client libraries have it: their getter decodes it. */
export function replyBytes(message: Message): Uint8Array | undefined {
  if (message._msg !== undefined) return message._msg.reply;
  return message.reply === undefined ? undefined : Buffer.from(message.reply);
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<time>.<pending>`; since 2.14 domain and account
 * may stand before the stream, and a token of the server's behind. Undefined for any other subject: everybody can
 * publish to an inbox that he knows.
 */
export function deliveryOf(reply: Uint8Array | undefined): Delivery | undefined {
  return reply === undefined || !startsWith(reply, PREFIX) ? undefined : read(reply)?.delivery;
}

/**
 * Reads the deliveries of one consumer. All their reply subjects begin alike, so that after the first one only numbers
 * are left to be read: each message comes through here.
 */
export class DeliveryReader {
  private prefix: Uint8Array | undefined;
  private hasToken = false;

  constructor(
    private readonly stream: string,
    private readonly consumer: string,
  ) {}

  /** Undefined for what is not a delivery of this consumer. */
  read(reply: Uint8Array | undefined): Delivery | undefined {
    const { prefix, stream, consumer } = this;
    if (reply === undefined) return undefined;
    if (prefix !== undefined && startsWith(reply, prefix)) {
      const known = numbersOf(reply, prefix.length, this.hasToken, stream, consumer);
      if (known !== undefined) return known;
      // Learned from a forged one, or the server was upgraded: whether a token follows is learned again.
    }
    if (!startsWith(reply, PREFIX)) return undefined;
    const found = read(reply);
    if (found?.delivery.stream !== stream || found.delivery.consumer !== consumer) return undefined;
    this.prefix = Uint8Array.from(reply.subarray(0, found.numbersAt));
    this.hasToken = found.hasToken;
    return found.delivery;
  }
}

/** Reads a subject of which nothing is known. */
function read(reply: Uint8Array): { delivery: Delivery; numbersAt: number; hasToken: boolean } | undefined {
  const tokens = textOf(reply).split('.');
  if (tokens.length !== 9 && tokens.length !== 11 && tokens.length !== 12) return undefined;
  const before = tokens.length === 9 ? 4 : 6;
  const [stream = '', consumer = ''] = tokens.slice(before - 2);
  const numbersAt = Buffer.byteLength(tokens.slice(0, before).join('.')) + 1;
  const hasToken = tokens.length === 12;
  const delivery = numbersOf(reply, numbersAt, hasToken, stream, consumer);
  return delivery && { delivery, numbersAt, hasToken };
}

/** The five numbers at a place of the subject, and whether a token follows; undefined for anything else. */
function numbersOf(
  reply: Uint8Array,
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
    hasToken ? !(reply.indexOf(DOT, pendingEnd + 1) === -1 && pendingEnd < reply.length) : pendingEnd !== reply.length
  )
    return undefined;
  return new DeliveryInSubject(
    stream,
    consumer,
    numberAt(reply, start, attemptEnd),
    numberAt(reply, attemptEnd + 1, sequenceEnd),
    reply,
    sequenceEnd + 1,
  );
}

/** What few ask for is read when they do. */
class DeliveryInSubject implements Delivery {
  constructor(
    readonly stream: string,
    readonly consumer: string,
    readonly attempt: number,
    readonly sequence: number,
    readonly reply: Uint8Array,
    private readonly restAt: number,
  ) {}

  get delivery(): number {
    return this.number(0, 0);
  }

  get time(): number {
    return this.number(1, BELOW_MILLISECONDS);
  }

  get pending(): number {
    return this.number(2, 0);
  }

  /** The number behind so many others, without its last digits. */
  private number(place: number, digits: number): number {
    let start = this.restAt;
    for (let i = 0; i < place; i++) start = endOfNumber(this.reply, start) + 1;
    return numberAt(this.reply, start, endOfNumber(this.reply, start) - digits);
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** Where the number at a place ends, at a dot or with the subject; NaN where there is none. */
function endOfNumber(subject: Uint8Array, start: number): number {
  let end = start;
  for (; end < subject.length; end++) {
    const code = subject[end] as number;
    if (code === DOT) break;
    if (code < 48 || code > 57) return NaN;
  }
  return end > start && end - start <= MAX_DIGITS ? end : NaN;
}

function numberAt(subject: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (subject[i] as number) - 48;
  return value;
}
