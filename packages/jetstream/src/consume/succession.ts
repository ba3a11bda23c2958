import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';

const FIRST_LOOK = 20;
const LAST_LOOK = 500;

/**
 * Resolves when nobody but this process has messages of a consumer in work, or when those that somebody else may have
 * are given up by the server: after `ackWait`.
 * @param own how many messages this process has
 * @param isOver whether nobody waits any more
 */
export async function untilAlone(
  manager: () => Promise<JetStreamManager>,
  stream: string,
  durable: string,
  own: () => number,
  ackWait: number,
  isOver: () => boolean,
): Promise<void> {
  const deadline = performance.now() + ackWait;
  for (let look = FIRST_LOOK; !isOver() && performance.now() < deadline; look = Math.min(look * 2, LAST_LOOK)) {
    try {
      const { num_ack_pending } = await (await manager()).consumers.info(stream, durable);
      if (num_ack_pending <= own()) return;
    } catch {
      // The server is away; it is asked again.
    }
    await delay(look, undefined, { ref: false });
  }
}
