import { textOf, type Connection } from '@natsmith/protocol';
import { refusalIn } from './refusal';

/** Both client libraries have it; natsmith's own client is not needed for the server's API. */
interface Requesting {
  request(subject: string, body: Uint8Array, options: { timeout: number }): Promise<{ readonly data: Uint8Array }>;
}

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
 * @param request what the call takes; some take nothing
 * @throws ApiError when the server refuses
 */
export async function askApi(connection: Connection, subject: string, request?: object): Promise<unknown> {
  const body = Buffer.from(request === undefined ? '' : JSON.stringify(request));
  const { data } = await (connection as unknown as Requesting).request(`$JS.API.${subject}`, body, {
    timeout: TIMEOUT,
  });
  const reply = JSON.parse(textOf(data)) as { error?: unknown } | null;
  if (reply?.error === undefined) return reply;
  const { code, description } = refusalIn(reply.error) ?? { code: 0, description: 'refused' };
  throw new ApiError(code, description);
}
