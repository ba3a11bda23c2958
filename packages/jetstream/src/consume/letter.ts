import { headerNameProblem, headersIn, headerValueProblem, oneLine, printable, type Message } from '@natsmith/protocol';
import { DEAD_LETTER_HEADERS, isOfLetter, ORIGINAL_PREFIX } from '../contract/dead-letter';
import { LAST_SUBJECT_SEQUENCE } from '../publish/prepared-event';
import type { Failure, HeldMessage } from './held-message';

/** What headers and subject of a letter take of the largest message, at most. */
const ROOM_FOR_HEADERS = 1024;
/** Characters of a description: it is a header of the letter. */
const MAX_DESCRIPTION = 1_000;
/** Characters of what an error says besides. */
const MAX_DATA = 8 * 1024;
const NOTHING = new Uint8Array(0);

type Line = [name: string, value: string];

/** A dead letter as it can be written. */
export interface Letter {
  readonly body: Uint8Array;
  readonly headers: Line[];
  /** Bytes, and room to spare. */
  readonly size: number;
}

/** The dead letter of a message: the whole one first, then with less and less of what may be too large for a server. */
export function lettersOf({ message, delivery }: HeldMessage, failure: Failure): Letter[] {
  const own: Line[] = [
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
  const text = textOfData(failure.data);
  const data: Line[] = text === undefined ? [] : [[DEAD_LETTER_HEADERS.data, text]];
  const original = [...originalHeaders(message)];
  const lost: Line[] = [[DEAD_LETTER_HEADERS.bodyLost, String(message.data.length)]];
  return [
    letter(message.data, [...own, ...data, ...original]),
    letter(message.data, [...own, ...original]),
    letter(NOTHING, [...own, ...lost, ...original]),
    letter(NOTHING, [...own, ...lost]),
  ];
}

function letter(body: Uint8Array, headers: Line[]): Letter {
  const ofHeaders = headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value) + 4, ROOM_FOR_HEADERS);
  return { body, headers, size: ofHeaders + body.length };
}

/** The server would act on some of them, and others would say something of the letter. */
function* originalHeaders(message: Message): Iterable<Line> {
  const headers = headersIn(message);
  for (const name of headers?.keys() ?? [])
    for (const value of headers?.getAll(name) ?? []) {
      const kept = isOfLetter(name) ? ORIGINAL_PREFIX + name : name;
      if (headerNameProblem(kept) === undefined && headerValueProblem(kept, value) === undefined) yield [kept, value];
    }
}

function textOfData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  try {
    const text = JSON.stringify(data) as string | undefined;
    return text === undefined || text.length > MAX_DATA ? undefined : oneLine(text);
  } catch {
    return undefined; // it is in the log already
  }
}
