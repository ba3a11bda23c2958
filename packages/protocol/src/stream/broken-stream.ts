import { isImported } from '../nats/inbox-subject';
import { MISSED_HEARTBEATS, SEQUENCE_HEADER } from './headers';
import { StreamError } from './stream-error';

/** A reply that is not part of a stream. */
export function noStream(subject: string): StreamError {
  return new StreamError(
    `the reply of ${subject} is not a stream (it has no header ${SEQUENCE_HEADER}); use call() instead of stream()`,
    subject,
  );
}

/** An item with another number than the expected one. */
export function outOfOrder(subject: string, arrived: number, expected: number): StreamError {
  const what =
    arrived < expected
      ? `item ${arrived} of the stream from ${subject} arrived twice, or too late`
      : `item ${expected} of the stream from ${subject} was lost`;
  return new StreamError(`${what}; the items before it are complete`, subject);
}

/** What went before a message has not come: the account of the service exports it for one reply to each request. */
export function exportedForOneReply(subject: string): StreamError {
  return new StreamError(
    `${subject} is a service of another account, which exports it for one reply to each request; ` +
      'its export must have "response_type: stream" for streams and for large replies',
    subject,
  );
}

/** A producer that does not listen to its consumer any more. */
export function abandoned(subject: string): StreamError {
  return new StreamError(
    `the producer of the stream from ${subject} stopped while the connection was down; open the stream again`,
    subject,
  );
}

/** A producer that has begun, and fallen silent. @param heartbeat in ms */
export function unheard(subject: string, heartbeat: number, control?: string): StreamError {
  const limit = MISSED_HEARTBEATS * heartbeat;
  // An export of any other type lets one message pass.
  const isFromOtherAccount = control !== undefined && isImported(control);
  const hint = isFromOtherAccount ? ', or its account exports it without the response type "stream"' : '';
  return new StreamError(
    `the producer of the stream from ${subject} sent nothing for ${limit} ms; it is gone${hint}`,
    subject,
  );
}
