import { textOf, type Connection } from '@natsmith/protocol';
import { refusalIn } from './refusal';
import { request } from './request';

const TIMEOUT = 5_000;

/** A refusal of the JetStream API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** The server's own number for this refusal. */
    readonly code: number,
    description: string,
  ) {
    super(description);
  }
}

/**
 * Asks the JetStream API for what the library has no call for, or only on connections of nats.js 3.
 * @param query what the call takes; some take nothing
 * @throws ApiError when the server refuses
 */
export async function askApi(connection: Connection, subject: string, query?: object): Promise<unknown> {
  const body = Buffer.from(query === undefined ? '' : JSON.stringify(query));
  const { data } = await request(connection, `$JS.API.${subject}`, body, { timeout: TIMEOUT });
  const reply = JSON.parse(textOf(data)) as { error?: unknown } | null;
  if (reply?.error === undefined) return reply;
  const { code, description } = refusalIn(reply.error) ?? { code: 0, description: 'refused' };
  throw new ApiError(code, description);
}
