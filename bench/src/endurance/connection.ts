import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A message as the server wrote it. */
export interface RawMessage {
  readonly subject: string;
  /** `""` for none. */
  readonly reply: string;
  /** The header block as text; `""` for none. */
  readonly headers: string;
  readonly body: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** A connection that sends whatever it is told to: client libraries refuse what is malformed. */
export class RawConnection {
  /** Called for each message. */
  onMessage: (message: RawMessage) => void = () => undefined;
  /** Called when the server closes the connection, with its last words. */
  onClose: (error: Error) => void = () => undefined;
  private rest: Buffer = NOTHING;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('close', () => this.onClose(new Error('the server has closed the connection')));
  }

  static async open(port: number, ...subjects: string[]): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const connection = new RawConnection(socket);
    socket.write(
      'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"bench","version":"1"}\r\n',
    );
    for (const [index, subject] of subjects.entries()) socket.write(`SUB ${subject} ${index + 1}\r\n`);
    return connection;
  }

  /** @param headers the whole block, its end included; empty for none */
  publish(subject: string, reply: string, headers: Buffer, body: Buffer): void {
    const to = reply === '' ? subject : `${subject} ${reply}`;
    const head =
      headers.length === 0
        ? `PUB ${to} ${body.length}\r\n`
        : `HPUB ${to} ${headers.length} ${headers.length + body.length}\r\n`;
    this.socket.write(Buffer.concat([Buffer.from(head), headers, body, Buffer.from('\r\n')]));
  }

  /** Lets what is published from here to the end of the callback go out together. */
  together(work: () => void): void {
    this.socket.cork();
    work();
    this.socket.uncork();
  }

  close(): void {
    this.onClose = () => undefined;
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let start = 0;
    this.together(() => {
      for (let next = this.take(bytes, 0); next > start; next = this.take(bytes, start)) start = next;
    });
    this.rest = bytes.subarray(start);
  }

  /** Takes what begins at `start`; gives where it ends, or `start` when it is not all there. */
  private take(bytes: Buffer, start: number): number {
    const lineEnd = bytes.indexOf('\r\n', start);
    if (lineEnd < 0) return start;
    const [verb = '', subject = '', , ...words] = bytes.toString('latin1', start, lineEnd).split(' ');
    const from = lineEnd + 2;
    if (verb === 'PING') this.socket.write('PONG\r\n');
    if (verb === '-ERR') this.onClose(new Error(`the server says ${bytes.toString('latin1', start, lineEnd)}`));
    if (verb !== 'MSG' && verb !== 'HMSG') return from;
    const size = Number(words.pop());
    const end = from + size;
    if (bytes.length < end + 2) return start;
    const headerEnd = from + (verb === 'HMSG' ? Number(words.pop()) : 0);
    this.onMessage({
      subject,
      reply: words[0] ?? '',
      headers: bytes.toString('latin1', from, headerEnd),
      body: bytes.subarray(headerEnd, end),
    });
    return end + 2;
  }
}
