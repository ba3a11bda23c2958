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

const NANOSECONDS = 1_000_000;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<time>.<pending>`; since 2.14 domain and account
 * may stand before the stream, and a token of the server's behind. Undefined for any other subject: everybody can
 * publish to an inbox that he knows.
 */
export function deliveryOf(reply: string | undefined): Delivery | undefined {
  if (reply?.startsWith('$JS.ACK.') !== true) return undefined;
  const tokens = reply.split('.');
  const first = tokens.length === 9 ? 2 : tokens.length === 11 || tokens.length === 12 ? 4 : undefined;
  if (first === undefined) return undefined;
  const [stream = '', consumer = '', ...numbers] = tokens.slice(first, first + 7);
  const [attempt, sequence, delivery, nanoseconds, pending] = numbers.map((token) =>
    /^\d{1,20}$/.test(token) ? Number(token) : NaN,
  ) as [number, number, number, number, number];
  const time = Math.floor(nanoseconds / NANOSECONDS);
  // NaN as soon as one of them is not a number.
  if (Number.isNaN(attempt + sequence + delivery + time + pending)) return undefined;
  return { stream, consumer, attempt, sequence, delivery, time, pending };
}
