import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { wrongUse } from '../exit';

/** What is sent: the bytes as they were given, and their value where it is needed for the check. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/** Reads the JSON argument: itself, `@file`, or `-` for stdin; none is an empty body. */
export function readPayload(argument: string | undefined): Payload {
  if (argument === undefined) return { bytes: new Uint8Array(0), value: undefined };
  const { text, from } = source(argument);
  if (text.trim() === '') return { bytes: new Uint8Array(0), value: undefined };
  try {
    return { bytes: Buffer.from(text), value: JSON.parse(text) as unknown };
  } catch (cause) {
    const tip = argument === text ? `; a string needs quotes of its own: '"${text}"'` : '';
    throw wrongUse(`${from} is not JSON (${(cause as Error).message})${tip}`, cause);
  }
}

/**
 * The items for an endpoint that takes a stream: JSON values, one on each line of stdin or of a file, read as they are
 * sent; or the argument itself, an array being all of its items.
 */
export async function* readItems(argument: string | undefined): AsyncGenerator<unknown> {
  if (argument === undefined) return;
  if (argument !== '-' && !argument.startsWith('@')) {
    const { value } = readPayload(argument);
    yield* Array.isArray(value) ? (value as unknown[]) : [value];
    return;
  }
  const from = nameOf(argument);
  const input: Readable = argument === '-' ? process.stdin : createReadStream(argument.slice(1));
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line.trim() !== '') yield itemIn(line, `line ${number} of ${from}`);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw wrongUse(`${from} cannot be read (${(cause as Error).message})`, cause);
  } finally {
    // An open stdin would keep the process.
    input.destroy();
  }
}

/** The bytes of an item as they were given: read and written again, a large number would be another one. */
function itemIn(line: string, where: string): Uint8Array {
  const json = withoutByteOrderMark(line);
  try {
    JSON.parse(json);
    return Buffer.from(json);
  } catch (cause) {
    throw wrongUse(`${where} is not JSON (${(cause as Error).message}); write one JSON value on each line`, cause);
  }
}

function source(argument: string): { text: string; from: string } {
  if (argument !== '-' && !argument.startsWith('@')) return { text: argument, from: 'the payload' };
  const from = nameOf(argument);
  try {
    return { text: withoutByteOrderMark(readFileSync(argument === '-' ? 0 : argument.slice(1), 'utf8')), from };
  } catch (cause) {
    throw wrongUse(`${from} cannot be read (${(cause as Error).message})`, cause);
  }
}

/** Editors on Windows begin files with one. */
function withoutByteOrderMark(text: string): string {
  return text.replace(/^\ufeff/, '');
}

function nameOf(argument: string): string {
  return argument === '-' ? 'stdin' : `the file ${argument.slice(1)}`;
}
