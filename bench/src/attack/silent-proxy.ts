import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can swallow everything, as a cable that was pulled does. */
export class SilentProxy {
  /** Milliseconds from the silence to the end of each connection by whoever opened it. */
  readonly noticedAfter: number[] = [];
  private readonly sockets = new Set<Socket>();
  private silentSince: number | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (socket: Socket) => this.pass(socket));
  }

  static async open(target: number): Promise<SilentProxy> {
    const server = createServer();
    const proxy = new SilentProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  swallow(): void {
    this.silentSince = performance.now();
  }

  /** New connections go through; those that were swallowed stay as they are. */
  heal(): void {
    this.silentSince = undefined;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    const openedAt = performance.now();
    let isSwallowed = false;
    const forward = (to: Socket) => (bytes: Buffer) => {
      isSwallowed ||= this.silentSince !== undefined;
      if (!isSwallowed) to.write(bytes);
    };
    near.on('data', forward(far));
    far.on('data', forward(near));
    near.on('close', () => {
      if (this.silentSince !== undefined && openedAt < this.silentSince)
        this.noticedAfter.push(performance.now() - this.silentSince);
      far.destroy();
    });
    far.on('close', () => isSwallowed || near.destroy());
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    }
  }
}
