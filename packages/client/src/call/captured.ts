import { Buffer, printable, textOf, type Message } from '@natsmith/protocol';
import type { Inbox } from '../nats/inbox';
import { sendRequest } from './request';

/** Milliseconds that JetStream has to answer. */
const WAIT = 500;
/** Bytes; the acknowledgement of a stream is not longer. */
const LONGEST = 1_024;
const MAX_KNOWN = 1_000;
const BEGINNINGS = ['{"stream":', '{"error":'].map((text) => Buffer.from(text));

/** Subjects whose replies only look like acknowledgements. */
const innocent = new WeakMap<Inbox, Set<string>>();

/** Whether a reply begins as the acknowledgement of a stream does. */
export function mayBeAcknowledgement({ data }: Message): boolean {
  // The third byte distinguishes nearly all replies.
  const third = data[2];
  if ((third !== 0x73 && third !== 0x65) || data.length > LONGEST) return false;
  return BEGINNINGS.some((beginning) => beginning.every((byte, i) => data[i] === byte));
}

/**
 * A stream that stores the subject of a request answers it with its acknowledgement, before the service does.
 * @throws Error when the server confirms that the stream does so
 */
export async function refuseAcknowledgement(inbox: Inbox, message: Message, subject: string): Promise<void> {
  const stream = streamIn(message);
  if (stream === undefined) return;
  let known = innocent.get(inbox);
  if (known === undefined) innocent.set(inbox, (known = new Set()));
  if (known.has(subject)) return;
  if ((await streamsOf(inbox, subject)).includes(stream))
    throw new Error(
      `the reply to ${subject} is the acknowledgement of the stream ${JSON.stringify(printable(stream, 255))}, which stores ` +
        'that subject, and not of a service; give the endpoint or the stream another subject',
    );
  if (known.size < MAX_KNOWN) known.add(subject);
}

function streamIn({ data }: Message): string | undefined {
  try {
    const { stream, seq } = JSON.parse(textOf(data)) as { stream?: unknown; seq?: unknown };
    return typeof stream === 'string' && Number.isSafeInteger(seq) ? stream : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the streams that store a subject; none where the server does not say. */
async function streamsOf(inbox: Inbox, subject: string): Promise<unknown[]> {
  try {
    const { data } = await sendRequest(inbox, '$JS.API.STREAM.NAMES', Buffer.from(JSON.stringify({ subject })), {
      timeout: WAIT,
      expiresAt: Infinity,
      signal: undefined,
      headers: [],
      advice: '',
    });
    const { streams } = JSON.parse(textOf(data)) as { streams?: unknown };
    return Array.isArray(streams) ? (streams as unknown[]) : [];
  } catch {
    return [];
  }
}
