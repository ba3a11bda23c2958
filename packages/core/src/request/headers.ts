import { headerNameProblem, headerValueProblem } from '@natsmith/protocol';
import type { ReplyHeaders, RequestHeaders } from '../define/handler';

/** What no header can be called, and yet may stand at the beginning of a line. */
const NO_NAME = /^$|[:\r\n]/;

/** Headers of a request, parsed when they are first asked for. */
export class ReceivedHeaders implements RequestHeaders {
  private values: Map<string, string[]> | undefined;

  /** @param block the header block as text, its first line (`NATS/1.0`) included */
  constructor(private readonly block: string) {}

  get(name: string): string | undefined {
    if (this.values !== undefined) return this.values.get(name)?.[0];
    // Most requests are asked for one header or two, and to find those costs half of parsing them all.
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

/** Headers of a reply; checked when they are set, so that none can break the connection. */
export class HeadersToSend implements ReplyHeaders {
  private readonly lines: { name: string; value: string }[] = [];

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  set(name: string, value: string): void {
    this.delete(name);
    this.append(name, value);
  }

  append(name: string, value: string): void {
    const text = String(value);
    const problem = headerNameProblem(name) ?? headerValueProblem(name, text);
    if (problem !== undefined) throw new TypeError(problem);
    this.lines.push({ name, value: text });
  }

  delete(name: string): void {
    for (let i = this.lines.length - 1; i >= 0; i--) if (this.lines[i]?.name === name) this.lines.splice(i, 1);
  }

  /** The header block as text. */
  block(): string {
    let block = 'NATS/1.0\r\n';
    for (const { name, value } of this.lines) block += `${name}: ${value}\r\n`;
    return `${block}\r\n`;
  }

  /** The header block for the wire; both client libraries call this when they publish. */
  encode(): Uint8Array {
    return Buffer.from(this.block());
  }
}
