import { headerNameProblem, headerValueProblem } from '@natsmith/protocol';
import type { ReplyHeaders } from '../define/handler';

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
