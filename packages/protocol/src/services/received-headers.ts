import type { Message } from '../nats/connection';
import { textOf } from '../text';

/** What no header can be called, and yet may stand at the beginning of a line. */
const NO_NAME = /^$|[:\r\n]/;

/** What is needed of a message to read its headers. */
export type WithHeaders = Pick<Message, '_msg' | '_rdata'> & {
  readonly headers?: { keys(): string[]; values(name: string): string[] };
};

/** Whether a message has headers, without decoding them. */
export function hasHeaders(message: WithHeaders): boolean {
  return message._msg === undefined ? message.headers !== undefined : message._msg.hdr > 0;
}

/**
 * The header block of a message as text, its first line (`NATS/1.0`) included; `""` for none. Both client libraries'
 * own decoders throw on names and values that they do not like, and take minutes for 100,000 headers.
 */
export function headerText(message: WithHeaders): string {
  const length = message._msg?.hdr;
  const bytes = message._rdata;
  if (length !== undefined && bytes !== undefined) return length > 0 ? textOf(bytes.subarray(0, length)) : '';
  const { headers } = message;
  if (headers === undefined) return '';
  const lines = headers.keys().flatMap((name) => headers.values(name).map((value) => `${name}: ${value}`));
  return ['NATS/1.0', ...lines].join('\r\n');
}

/** The headers of a message, or undefined for none; whatever they hold, nothing is thrown. */
export function headersIn(message: WithHeaders): ReceivedHeaders | undefined {
  return hasHeaders(message) ? new ReceivedHeaders(headerText(message)) : undefined;
}

/** The headers of a message, without lines where it has none. */
export function headersOf(message: WithHeaders): ReceivedHeaders {
  return headersIn(message) ?? new ReceivedHeaders('');
}

/** Headers of a message, parsed when they are first asked for. */
export class ReceivedHeaders {
  private values: Map<string, string[]> | undefined;

  /** @param block the header block as text, its first line (`NATS/1.0`) included */
  constructor(private readonly block: string) {}

  get(name: string): string | undefined {
    if (this.values !== undefined) return this.values.get(name)?.[0];
    // Most messages are asked for one header or two, and to find those costs half of parsing them all.
    const start = this.block.indexOf(`\r\n${name}:`);
    if (start === -1) return undefined;
    if (NO_NAME.test(name)) return this.parsed().get(name)?.[0];
    const end = this.block.indexOf('\r\n', start + 2);
    return this.block.slice(start + name.length + 3, end === -1 ? undefined : end).trim();
  }

  getAll(name: string): string[] {
    return [...(this.parsed().get(name) ?? [])];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  keys(): string[] {
    return [...this.parsed().keys()];
  }

  private parsed(): Map<string, string[]> {
    if (this.values !== undefined) return this.values;
    this.values = new Map();
    for (const line of this.block.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      if (colon < 1) continue;
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      const values = this.values.get(name);
      if (values === undefined) this.values.set(name, [value]);
      else values.push(value);
    }
    return this.values;
  }
}
