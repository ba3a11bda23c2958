import { delay } from '../platform/node';
import type { Connection } from './connection';
import { ConnectionEvents } from './connection-events';
import { connectSibling } from './sibling';

/** Who uses a connection, and does something when it moves from a server that shuts down to another one. */
export interface Mover {
  /** Takes what comes on the sibling from now on, and resolves when all that came on the connection is answered. */
  leave?(sibling: Connection): Promise<void>;
  /** Holds back what begins something new, and resolves when nothing is waited for. */
  hold?(): Promise<void>;
  /** The connection is on another server; resolves when the sibling is not needed any more. */
  arrive(): Promise<void> | void;
}

/** Milliseconds. A server in lame duck mode waits 10 s before it begins to close connections, unless configured so. */
const LEAVE = 4_000;
const HOLD = 2_000;
const RECONNECT = 30_000;
const ARRIVE = 30_000;

const movings = new WeakMap<Connection, Moving>();

/** Takes part in the moves of a connection; gives the way to end that. */
export function joinMoves(connection: Connection, mover: Mover): () => void {
  let moving = movings.get(connection);
  if (moving === undefined) movings.set(connection, (moving = new Moving(connection)));
  return moving.join(mover);
}

/**
 * Moves a connection when its server goes into lame duck mode. At the moment of the move nothing is on its way on the
 * old socket: requests come on a sibling connection, replies are out, and what begins something new is held back.
 */
class Moving {
  private readonly movers = new Set<Mover>();
  private isMoving = false;

  constructor(private readonly connection: Connection) {
    ConnectionEvents.of(connection).listen((event) => {
      if (event.type === 'lameDuck') void this.move();
    });
  }

  join(mover: Mover): () => void {
    this.movers.add(mover);
    return () => void this.movers.delete(mover);
  }

  private async move(): Promise<void> {
    const { connection } = this;
    if (this.isMoving || connection.reconnect === undefined || this.movers.size === 0) return;
    this.isMoving = true;
    let sibling: Connection | undefined;
    try {
      sibling = await connectSibling(connection);
      // Without another server the connection stays until the end: it may be the same one that comes back.
      if (sibling === undefined || connection.isClosed()) return;
      const movers = [...this.movers];
      await within(
        LEAVE,
        all(movers, (mover) => mover.leave?.(sibling as Connection)),
      );
      await within(
        HOLD,
        all(movers, (mover) => mover.hold?.()),
      );
      await within(HOLD, connection.flush());
      await this.reconnect();
      await within(
        ARRIVE,
        all(movers, (mover) => mover.arrive()),
      );
    } finally {
      this.isMoving = false;
      if (sibling !== undefined) await within(HOLD, sibling.flush());
      await sibling?.close().catch(() => undefined);
    }
  }

  private async reconnect(): Promise<void> {
    const { connection } = this;
    let stop: () => void = () => undefined;
    const reconnected = new Promise<void>((resolve) => {
      stop = ConnectionEvents.of(connection).listen(({ type }) => {
        if (type === 'reconnected') resolve();
      });
      void connection.closed().then(() => resolve());
    });
    await connection.reconnect?.().catch(() => undefined);
    await within(RECONNECT, reconnected);
    stop();
  }
}

async function all(movers: readonly Mover[], step: (mover: Mover) => Promise<void> | void): Promise<void> {
  await Promise.allSettled(movers.map(async (mover) => step(mover)));
}

/** Waits for it, but not longer than that. */
async function within(milliseconds: number, step: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const timeout = delay(milliseconds, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
  await Promise.race([step.catch(() => undefined), timeout]);
  over.abort();
}
