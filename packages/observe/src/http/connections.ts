import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Connections that are open at a time: probes and scrapers are few. */
const MAX_CONNECTIONS = 128;
/** Requests of one connection that are under way at a time: nobody needs more than one, and each holds its answer. */
const MAX_UNDER_WAY = 4;

/** The requests of a connection that are under way. */
interface UnderWay {
  count: number;
  /** Cuts the connection off. */
  readonly timer: NodeJS.Timeout;
}

/**
 * The open connections of a server, the oldest first. When there are too many, the oldest that waits for nothing gives
 * way: so a crowd that connects and is silent keeps nobody out.
 */
export class Connections {
  private readonly open = new Set<Socket>();
  private readonly busy = new Map<Socket, UnderWay>();

  /** @param patience milliseconds from a request until its answer has been read */
  constructor(
    server: Server,
    private readonly patience: number,
  ) {
    server.on('connection', (socket: Socket) => this.add(socket));
  }

  /** A request has come; false where too many of the same connection wait for their answers. */
  begin(socket: Socket): boolean {
    const underWay = this.busy.get(socket);
    if (underWay === undefined) {
      const timer = setTimeout(() => socket.destroy(), this.patience);
      this.busy.set(socket, { count: 1, timer });
      return true;
    }
    underWay.count++;
    return underWay.count <= MAX_UNDER_WAY;
  }

  /** An answer has gone out. */
  end(socket: Socket): void {
    const underWay = this.busy.get(socket);
    if (underWay !== undefined && --underWay.count === 0) this.forget(socket);
  }

  closeIdle(): void {
    for (const socket of this.open) if (!this.busy.has(socket)) socket.destroy();
  }

  private add(socket: Socket): void {
    if (this.open.size >= MAX_CONNECTIONS) this.makeRoom();
    this.open.add(socket);
    socket.once('close', () => {
      this.open.delete(socket);
      this.forget(socket);
    });
  }

  private makeRoom(): void {
    const [oldest] = this.open;
    const idle = [...this.open].find((socket) => !this.busy.has(socket));
    (idle ?? oldest)?.destroy();
  }

  private forget(socket: Socket): void {
    clearTimeout(this.busy.get(socket)?.timer);
    this.busy.delete(socket);
  }
}
