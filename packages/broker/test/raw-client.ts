import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that sends bytes as they are and keeps all it gets. */
export class RawClient {
  closed = false;
  private bytes = '';
  private readonly changes = new EventEmitter();

  private constructor(readonly socket: Socket) {
    socket.setNoDelay();
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.toString('latin1');
      this.changes.emit('change');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.changes.emit('change');
    });
  }

  /** Connects, and waits for INFO. */
  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(connect(port, '127.0.0.1'));
    await client.until(() => client.bytes.includes('\r\n'));
    return client;
  }

  get info(): Record<string, unknown> {
    return JSON.parse(/^INFO (.*)\r\n/.exec(this.bytes)?.[1] ?? '{}') as Record<string, unknown>;
  }

  /** What came after INFO, and without INFO, PING and PONG lines, whose times are not fixed. */
  get received(): string {
    return this.bytes.replace(/^(INFO .*|PING|PONG)\r\n/gm, '');
  }

  send(bytes: string | Buffer): void {
    if (!this.socket.writableEnded) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits until the server has answered a PING, or has closed the connection. */
  async settle(): Promise<void> {
    const before = this.bytes.length;
    this.send('PING\r\n');
    await this.until(() => this.bytes.includes('PONG\r\n', before));
  }

  /** Waits until a condition holds or the connection is closed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.closed) await once(this.changes, 'change');
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.until(() => this.closed);
  }
}
