import type { Socket } from 'node:net';

const MIN_BLOCK = 512;
const MAX_BLOCK = 64 * 1024;
// Smaller payloads are copied: one system call for many, and no payload keeps a whole read buffer (64 KiB) alive.
const MIN_SHARED = 16 * 1024;

/** What waits to be written to one client: gathered during a turn of the event loop, written at once at its end. */
export class Outbox {
  private readonly blocks: Buffer[] = [];
  private block = Buffer.alloc(0);
  private used = 0;
  private gathered = 0;
  private blockSize = MIN_BLOCK;
  private state: 'idle' | 'scheduled' | 'writing' = 'idle';

  constructor(private readonly socket: Socket) {}

  /** Bytes that the client has not taken yet. */
  get pending(): number {
    return this.gathered + this.socket.writableLength;
  }

  /** Queues a protocol line (a byte string), and a payload after it. */
  append(line: string, payload?: Buffer): void {
    this.reserve(line.length);
    this.block.write(line, this.used, 'latin1');
    this.advance(line.length);
    if (payload) this.appendPayload(payload);
    if (this.state === 'idle') {
      this.state = 'scheduled';
      setImmediate(() => this.flush());
    }
  }

  /** Writes what waits, and then ends the stream. */
  end(): void {
    this.write();
    this.socket.end();
  }

  private appendPayload(payload: Buffer): void {
    if (payload.length >= MIN_SHARED) {
      this.seal();
      this.blocks.push(payload);
      this.gathered += payload.length;
      return;
    }
    this.reserve(payload.length);
    payload.copy(this.block, this.used);
    this.advance(payload.length);
  }

  private advance(length: number): void {
    this.used += length;
    this.gathered += length;
  }

  private reserve(length: number): void {
    if (this.used + length <= this.block.length) return;
    this.seal();
    this.block = Buffer.allocUnsafe(Math.max(this.blockSize, length));
    this.blockSize = Math.min(this.blockSize * 2, MAX_BLOCK);
  }

  private seal(): void {
    if (this.used > 0) this.blocks.push(this.block.subarray(0, this.used));
    this.block = this.block.subarray(this.used);
    this.used = 0;
  }

  /** One write at a time, so that all that arrives while the client is busy goes out together. */
  private flush(): void {
    if (this.socket.writableEnded || this.socket.destroyed || this.gathered === 0) {
      this.state = 'idle';
      return;
    }
    this.state = 'writing';
    this.write(() => this.flush());
  }

  private write(done?: () => void): void {
    this.seal();
    if (this.gathered < this.blockSize / 4) this.blockSize = MIN_BLOCK;
    const blocks = this.blocks.splice(0);
    this.gathered = 0;
    this.socket.cork();
    blocks.forEach((block, i) => this.socket.write(block, i === blocks.length - 1 ? done : undefined));
    this.socket.uncork();
  }
}
