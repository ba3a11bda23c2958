import { headerBlock, printable, type Connection } from '@natsmith/protocol';
import { hasNoResponders } from '../nats/refusal';
import { request } from '../nats/request';
import { acknowledgementIn, type PublishReceipt } from './acknowledgement';
import { NO_STREAM, PublishError } from './publish-error';

const TIMEOUT = 5_000;

/**
 * Publishes one message, and resolves when its stream has it.
 * @throws PublishError when the stream refuses it, or no stream stores the subject
 */
export async function publishAcknowledged(
  connection: Connection,
  subject: string,
  body: Uint8Array,
  lines: Iterable<readonly [string, string]>,
): Promise<PublishReceipt> {
  const options = { timeout: TIMEOUT, headers: headerBlock(lines) };
  const reply = await request(connection, subject, body, options).catch((error: unknown) => {
    throw hasNoResponders(error) ? new PublishError(subject, NO_STREAM, 'no stream') : error;
  });
  const answer = acknowledgementIn(reply, subject);
  if (answer === undefined)
    throw new Error(`${printable(subject, 255)} was answered with something other than an acknowledgement`);
  if (answer instanceof PublishError) throw answer;
  return answer;
}
