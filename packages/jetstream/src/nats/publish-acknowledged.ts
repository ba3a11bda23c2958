import { headerBlock, type Connection } from '@natsmith/protocol';
import { ApiError } from './api';

/** As both client libraries have it. */
interface Requesting {
  request(
    subject: string,
    body: Uint8Array,
    options: { timeout: number; headers: { encode(): Uint8Array } },
  ): Promise<{ readonly data: Uint8Array }>;
}

const TIMEOUT = 5_000;

/**
 * Publishes one message, and resolves when its stream has it.
 * @throws ApiError when the stream refuses it
 */
export async function publishAcknowledged(
  connection: Connection,
  subject: string,
  body: Uint8Array,
  lines: Iterable<readonly [string, string]>,
): Promise<void> {
  const options = { timeout: TIMEOUT, headers: headerBlock(lines) };
  const { data } = await (connection as unknown as Requesting).request(subject, body, options);
  const { error } = JSON.parse(Buffer.from(data).toString()) as {
    error?: { code?: number; err_code?: number; description?: string };
  };
  if (error !== undefined)
    throw new ApiError(Number(error.code), Number(error.err_code), String(error.description ?? 'refused'));
}
