import { headerNameProblem, headerValueProblem } from '@natsmith/protocol';
import type { ReplyHeaders } from '../define/handler';

/** Headers of a reply; checked when they are set, so that none can break the connection. */
export class HeadersToSend implements ReplyHeaders {
  private readonly lines: { name: string; value: string }[] = [];

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  set(name: string, value: string): void {
    const line = checkedLine(name, value);
    this.delete(name);
    this.lines.push(line);
  }

  append(name: string, value: string): void {
    this.lines.push(checkedLine(name, value));
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

function checkedLine(name: string, value: unknown): { name: string; value: string } {
  // JavaScript may give what the types do not; of undefined and objects nobody means the string.
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const problem = headerNameProblem(name) ?? headerValueProblem(name, text);
  if (problem !== undefined) throw new TypeError(problem);
  return { name, value: text as string };
}
