import { type PublicationLine, readPublication, readSize, splitArguments } from './arguments';
import { type Operations, ProtocolError, unknownOperation } from './operations';
import { type After, type Verb, VERBS, type VerbNode } from './verbs';

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const MAX_CONTROL_LINE = 4096;
const EMPTY = Buffer.alloc(0);

/**
 * Turns the bytes of one client into operations, however they are split, and answers faults as nats-server does.
 * It holds at most one control line and one payload.
 */
export class Parser {
  /** A client that has to authenticate may not begin with anything but CONNECT. */
  expectConnect = false;
  /** Whether the client declared headers; without them HPUB is refused. */
  headers = false;
  /** Set it to leave the rest of the bytes alone. */
  stopped = false;

  private state: 'verb' | After | 'line' | 'payload' = 'verb';
  private node: VerbNode = VERBS;
  private verb: Verb = '+OK';
  private line: Buffer = EMPTY;
  private publication: PublicationLine = { subject: '', reply: undefined, headerSize: 0, size: 0 };
  private body: Buffer = EMPTY;
  private filled = 0;

  constructor(
    private readonly operations: Operations,
    private readonly maxPayload: number,
  ) {}

  /** Takes the next bytes. Payloads may refer to them, so they must not be reused. Throws ProtocolError. */
  parse(chunk: Buffer): void {
    for (let i = 0; i < chunk.length && !this.stopped;) {
      switch (this.state) {
        case 'verb':
          i = this.readVerb(chunk, i);
          break;
        case 'separator':
          if (!isBlank(chunk[i])) throw unknownOperation(chunk, i);
          this.state = 'gap';
          break;
        case 'gap':
          if (isBlank(chunk[i])) i++;
          else this.state = 'line';
          break;
        case 'ignored':
          i = this.skipLine(chunk, i);
          break;
        case 'line':
          i = this.readLine(chunk, i);
          break;
        case 'payload':
          i = this.readPayload(chunk, i);
          break;
      }
    }
  }

  private readVerb(chunk: Buffer, start: number): number {
    if (this.node === VERBS && this.expectConnect && ((chunk[start] ?? 0) | 0x20) !== 0x63) {
      throw new ProtocolError('an operation before CONNECT', 'Authorization Violation');
    }
    for (let i = start; i < chunk.length; i++) {
      const next = this.node.next.get(chunk[i] ?? 0);
      if (!next) throw unknownOperation(chunk, i);
      this.node = next;
      if (next.end) {
        this.node = VERBS;
        this.verb = next.end.verb;
        this.state = next.end.after;
        return i + 1;
      }
    }
    return chunk.length;
  }

  private skipLine(chunk: Buffer, start: number): number {
    const end = chunk.indexOf(LF, start);
    if (end < 0) return chunk.length;
    this.state = 'verb';
    if (this.verb === 'PING') this.operations.ping();
    if (this.verb === 'PONG') this.operations.pong();
    return end + 1;
  }

  private readLine(chunk: Buffer, start: number): number {
    const end = chunk.indexOf(LF, start);
    // A copy of what is held, so that a few bytes do not keep a whole chunk in memory.
    const part = chunk.subarray(start, end < 0 ? chunk.length : end);
    const line = end < 0 || this.line.length > 0 ? Buffer.concat([this.line, part]) : part;
    const length = line.at(-1) === CR ? line.length - 1 : line.length;
    if (length > MAX_CONTROL_LINE) {
      throw new ProtocolError(`${this.verb} line over ${MAX_CONTROL_LINE} bytes`, 'maximum control line exceeded');
    }
    if (end < 0) {
      this.line = line;
      return chunk.length;
    }
    this.line = EMPTY;
    this.state = 'verb';
    this.finishLine(line.subarray(0, length));
    return end + 1;
  }

  private finishLine(line: Buffer): void {
    const { verb, operations } = this;
    if (verb === 'PUB' || verb === 'HPUB') return this.beginPayload(line.toString('latin1'), verb);
    if (verb === 'CONNECT') return operations.connect(line.toString());
    if (verb === 'INFO') return;
    if (verb === '-ERR') throw new ProtocolError(`the client reports ${line.toString()}`);
    const args = splitArguments(line.toString('latin1'));
    const [first = '', second] = args;
    if (verb === 'UNSUB' && args.length === 1) return operations.unsubscribe(first, -1);
    if (verb === 'UNSUB' && args.length === 2) return operations.unsubscribe(first, readSize(second));
    if (verb === 'SUB' && args.length === 2) return operations.subscribe(first, undefined, second ?? '');
    if (verb === 'SUB' && args.length === 3) return operations.subscribe(first, second, args[2] ?? '');
    throw new ProtocolError(`${verb} with ${args.length} arguments`);
  }

  private beginPayload(line: string, verb: 'PUB' | 'HPUB'): void {
    if (verb === 'HPUB' && !this.headers) throw new ProtocolError('HPUB without "headers": true in CONNECT');
    this.publication = readPublication(line, verb);
    if (this.publication.size > this.maxPayload) {
      const message = `a payload of ${this.publication.size} bytes, with max_payload ${this.maxPayload}`;
      throw new ProtocolError(message, 'Maximum Payload Violation');
    }
    this.state = 'payload';
  }

  private readPayload(chunk: Buffer, start: number): number {
    const { size } = this.publication;
    const end = start + Math.min(size + 2 - this.filled, chunk.length - start);
    if (this.filled === 0 && end - start === size + 2) {
      this.finishPayload(chunk.subarray(start, end));
      return end;
    }
    this.reserve(this.filled + end - start);
    chunk.copy(this.body, this.filled, start, end);
    this.filled += end - start;
    if (this.filled === size + 2) this.finishPayload(this.body.subarray(0, this.filled));
    else if (this.filled > size && this.body[size] !== CR) throw unknownOperation(this.body, size);
    return end;
  }

  /** Grows with the bytes that arrive, by doubling: an announced size alone costs nothing. */
  private reserve(length: number): void {
    if (length <= this.body.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(this.publication.size + 2, Math.max(length, this.body.length * 2)));
    this.body.copy(grown, 0, 0, this.filled);
    this.body = grown;
  }

  private finishPayload(frame: Buffer): void {
    const { subject, reply, headerSize, size } = this.publication;
    if (frame[size] !== CR || frame[size + 1] !== LF) throw unknownOperation(frame, size);
    this.body = EMPTY;
    this.filled = 0;
    this.state = 'verb';
    this.operations.publish({ subject, reply, headerSize, frame });
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
