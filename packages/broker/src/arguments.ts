import { ProtocolError } from './operations';

const SPACE = 32;
const TAB = 9;
const DIGITS = /^\d{1,9}$/;

/** The words of a control line, blanks and tabs between them. */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let start = -1;
  for (let i = 0; i <= line.length; i++) {
    const code = i < line.length ? line.charCodeAt(i) : SPACE;
    if (code !== SPACE && code !== TAB) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      args.push(line.slice(start, i));
      start = -1;
    }
  }
  return args;
}

/** A size of at most nine digits, or -1 for anything else, so that no number can overflow. */
export function readSize(text: string | undefined): number {
  return text !== undefined && DIGITS.test(text) ? Number(text) : -1;
}

/** The arguments of PUB (`subject [reply] size`) or HPUB (`subject [reply] headers total`). */
export interface PublicationLine {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headerSize: number;
  readonly size: number;
}

/** Reads a PUB or HPUB line, and throws ProtocolError as nats-server closes: without a word to the client. */
export function readPublication(line: string, verb: 'PUB' | 'HPUB'): PublicationLine {
  const args = splitArguments(line);
  const sizes = verb === 'PUB' ? 1 : 2;
  const [subject] = args;
  if (subject === undefined || args.length < 1 + sizes || args.length > 2 + sizes) {
    throw new ProtocolError(`${verb} takes a subject, perhaps a reply subject, and its size: ${JSON.stringify(line)}`);
  }
  const size = readSize(args.at(-1));
  const headerSize = verb === 'PUB' ? 0 : readSize(args.at(-2));
  if (size < 0 || headerSize < 0 || headerSize > size) {
    throw new ProtocolError(`bad size in ${verb} ${JSON.stringify(line)}`);
  }
  return { subject, reply: args.length > 1 + sizes ? args[1] : undefined, headerSize, size };
}
