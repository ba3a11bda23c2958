import type { Connection } from '@natsmith/protocol';

/** Both client libraries have it; natsmith's own client is not needed for the server's API. */
interface Requesting {
  request(subject: string, body: Uint8Array, options: { timeout: number }): Promise<{ readonly data: Uint8Array }>;
}

const TIMEOUT = 5_000;

/** A refusal of the JetStream API. */
export class ApiError extends Error {
  constructor(
    /** As in an HTTP status. */
    readonly code: number,
    /** The server's own number for this refusal. */
    readonly errorCode: number,
    description: string,
  ) {
    super(description);
    this.name = 'ApiError';
  }
}

/**
 * Asks the JetStream API for what the library has no call for, or only on connections of nats.js 3.
 * @throws ApiError when the server refuses
 */
export async function askApi(connection: Connection, subject: string, request: object): Promise<unknown> {
  const body = Buffer.from(JSON.stringify(request));
  const { data } = await (connection as unknown as Requesting).request(`$JS.API.${subject}`, body, {
    timeout: TIMEOUT,
  });
  const reply = JSON.parse(Buffer.from(data).toString()) as { error?: Record<string, unknown> };
  if (reply.error === undefined) return reply;
  const { code, err_code, description } = reply.error;
  throw new ApiError(Number(code), Number(err_code), typeof description === 'string' ? description : 'refused');
}
