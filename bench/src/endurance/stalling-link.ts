import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can begin to swallow everything: nothing arrives, and nobody is told. */
export class StallingLink {
  private readonly sockets = new Set<Socket>();
  private isStalled = false;
  private constructor(
    private readonly listener: Server,
    private readonly port: number,
  ) {
    listener.on('connection', (socket: Socket) => this.join(socket));
  }

  static async to(port: number): Promise<StallingLink> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new StallingLink(listener, port);
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** From here on each side talks into the void, the end of a connection included. */
  stall(): void {
    this.isStalled = true;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.listener.close();
  }

  private join(near: Socket): void {
    const far = connect(this.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => {
        if (!this.isStalled) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        if (!this.isStalled) to.destroy();
      });
    }
  }
}
