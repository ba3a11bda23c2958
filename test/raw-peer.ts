import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a raw peer was sent. */
export interface RawMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  /** The header block as it came; `""` for none. */
  readonly head: string;
  readonly data: Buffer;
}

/** Speaks to the server in bytes, and so can send what no client library would. */
export class RawPeer {
  private buffer = Buffer.alloc(0);
  private lastSid = 0;
  private readonly pings: (() => void)[] = [];
  private readonly handlers = new Map<string, (message: RawMessage) => void>();

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      while (this.takeOne());
    });
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n');
    return new RawPeer(socket);
  }

  /** Resolves when the server has the subscription. */
  subscribe(subject: string, handler: (message: RawMessage) => void): Promise<void> {
    const sid = String(++this.lastSid);
    this.handlers.set(sid, handler);
    this.socket.write(`SUB ${subject} ${sid}\r\nPING\r\n`);
    return new Promise((resolve) => this.pings.push(resolve));
  }

  /** @param lines of the header block after its first, each as it is to go out */
  publish(subject: string, data: string | Buffer, lines?: readonly string[], reply = ''): void {
    const body = Buffer.from(data as string);
    if (lines === undefined) {
      this.socket.write(`PUB ${subject} ${reply} ${body.length}\r\n`);
    } else {
      const head = Buffer.from(['NATS/1.0', ...lines, '', ''].join('\r\n'));
      this.socket.write(`HPUB ${subject} ${reply} ${head.length} ${head.length + body.length}\r\n`);
      this.socket.write(head);
    }
    this.socket.write(body);
    this.socket.write('\r\n');
  }

  /** @param block of headers, as it is to go out */
  publishBlock(subject: string, block: string | Buffer, body: string): void {
    const head = Buffer.from(block as string);
    this.socket.write(`HPUB ${subject} ${head.length} ${head.length + body.length}\r\n`);
    this.socket.write(head);
    this.socket.write(`${body}\r\n`);
  }

  close(): void {
    this.socket.destroy();
  }

  private takeOne(): boolean {
    const end = this.buffer.indexOf('\r\n');
    if (end === -1) return false;
    const line = this.buffer.toString('latin1', 0, end);
    const start = end + 2;
    const parts = line.split(' ');
    if (parts[0] !== 'MSG' && parts[0] !== 'HMSG') {
      if (line === 'PONG') this.pings.shift()?.();
      if (line === 'PING') this.socket.write('PONG\r\n');
      this.buffer = this.buffer.subarray(start);
      return true;
    }
    const size = Number(parts.at(-1));
    if (this.buffer.length < start + size + 2) return false;
    const bytes = this.buffer.subarray(start, start + size);
    this.buffer = this.buffer.subarray(start + size + 2);
    const headSize = parts[0] === 'HMSG' ? Number(parts.at(-2)) : 0;
    const names = parts.slice(1, parts[0] === 'HMSG' ? -2 : -1);
    this.handlers.get(names[1] ?? '')?.({
      subject: names[0] ?? '',
      reply: names[2],
      head: bytes.toString('latin1', 0, headSize),
      data: Buffer.from(bytes.subarray(headSize)),
    });
    return true;
  }
}
