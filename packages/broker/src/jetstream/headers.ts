const FIRST_LINE = 'NATS/1.0';

/** The value of a header in a block (a byte string); undefined if it is not there. Names are compared as written. */
export function headerOf(block: string, name: string): string | undefined {
  for (let at = block.indexOf(name); at >= 0; at = block.indexOf(name, at + 1)) {
    if (block[at - 1] !== '\n' || block[at + name.length] !== ':') continue;
    const start = at + name.length + 1;
    const end = block.indexOf('\r\n', start);
    return block.slice(start, end < 0 ? undefined : end).trim();
  }
  return undefined;
}

/** A block with one more header at its end. */
export function withHeader(block: string, name: string, value: string): string {
  const begun = block === '' ? `${FIRST_LINE}\r\n` : block.slice(0, -2);
  return `${begun}${name}: ${value}\r\n\r\n`;
}

/** A block without the headers for which `unwanted` is true; an empty string if none is left. */
export function withoutHeaders(block: string, unwanted: (name: string) => boolean): string {
  const [first, ...lines] = block.split('\r\n');
  const kept = lines.filter((line) => line !== '' && !unwanted(line.slice(0, line.indexOf(':'))));
  return kept.length === 0 ? '' : `${first}\r\n${kept.join('\r\n')}\r\n\r\n`;
}

/** A block that is a status, with headers. */
export function statusBlock(status: string, headers: readonly (readonly [string, string | number])[] = []): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${FIRST_LINE} ${status}\r\n${lines}\r\n`;
}

/** What a message is sent with: its headers, an empty line and its body, ready for the wire. */
interface Framed {
  readonly frame: Buffer;
  readonly headerSize: number;
}

/** A message with one more header. */
export function frameWithHeader({ frame, headerSize }: Framed, name: string, value: string): Framed {
  const headers = withHeader(frame.toString('latin1', 0, headerSize), name, value);
  return {
    frame: Buffer.concat([Buffer.from(headers, 'latin1'), frame.subarray(headerSize)]),
    headerSize: headers.length,
  };
}

/** The headers of a message alone, with the size of the body that is left out. */
export function frameWithoutBody({ frame, headerSize }: Framed): Framed {
  const size = frame.length - 2 - headerSize;
  const headers = withHeader(frame.toString('latin1', 0, headerSize), 'Nats-Msg-Size', String(size));
  return { frame: Buffer.from(`${headers}\r\n`, 'latin1'), headerSize: headers.length };
}
