import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConnectionEvents } from '@natsmith/protocol';
import type { Logger } from '../define/logger';
import type { Connection } from './connection';

/** Milliseconds that a connection may take to close. */
const CLOSE_TIMEOUT = 300;

/** Closes a connection; one that does not close in time is left as it is. */
export async function closeInTime(connection: Connection, logger: Logger): Promise<void> {
  if (connection.isClosed()) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), CLOSE_TIMEOUT)));
  const closed = connection.close().then(
    () => true,
    (err: unknown) => {
      logger.error({ err }, 'the connection could not be closed');
      return true;
    },
  );
  if (!(await Promise.race([closed, late]))) logger.error({}, 'the connection did not close in time; it is left open');
  clearTimeout(timer);
}

/** Resolves when a connection is closed: to why it is lost for good, or to undefined where it was closed on purpose. */
export async function lossOf(connection: Connection): Promise<Error | undefined> {
  const events = ConnectionEvents.of(connection);
  const error = await connection.closed();
  if (error instanceof Error) return error;
  const { options } = connection as { readonly options?: { readonly reconnect?: boolean } };
  if (options?.reconnect !== false) return undefined;
  // A connection that may not reconnect ends without an error when the server is gone. Its status is told beside its end.
  await nextTurn();
  return events.isLost ? new Error('the server ended the connection, which has "reconnect: false"') : undefined;
}
