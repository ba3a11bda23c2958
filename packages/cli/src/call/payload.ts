import { readFileSync } from 'node:fs';
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
    const tip = argument === text ? `; a text needs quotes of its own: '"${text}"'` : '';
    throw wrongUse(`${from} is no JSON (${(cause as Error).message})${tip}`, cause);
  }
}

function source(argument: string): { text: string; from: string } {
  if (argument !== '-' && !argument.startsWith('@')) return { text: argument, from: 'the payload' };
  const file = argument === '-' ? 0 : argument.slice(1);
  const from = file === 0 ? 'stdin' : `the file ${file}`;
  try {
    return { text: readFileSync(file, 'utf8'), from };
  } catch (cause) {
    throw wrongUse(`${from} cannot be read (${(cause as Error).message})`, cause);
  }
}
