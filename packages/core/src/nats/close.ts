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
