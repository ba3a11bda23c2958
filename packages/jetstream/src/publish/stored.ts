import type { Connection } from '@natsmith/protocol';
import { managerOf } from '../nats/manager';

/** Whether some stream stores a subject, as far as the server says; undefined where it does not. */
export async function isStored(connection: Connection, subject: string): Promise<boolean | undefined> {
  try {
    const manager = await managerOf(connection);
    return (await manager.streams.names(subject).next()).length > 0;
  } catch {
    return undefined; // no right to ask, or no answer
  }
}
