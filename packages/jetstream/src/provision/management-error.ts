import { printable, violationIn } from '@natsmith/protocol';
import { hasNoResponders } from '../nats/refusal';

/** Why managing a stream has failed, whatever library the connection is of. */
export interface ManagementFailure {
  /** `unanswered` where there is no JetStream, or no answer in time. */
  readonly kind: 'forbidden' | 'missing' | 'disabled' | 'refused' | 'unanswered';
  /** Of the JetStream API, for `refused`. */
  readonly code: number;
  /** One line; the subject for `forbidden`. */
  readonly words: string;
}

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;
const MESSAGE_NOT_FOUND = 10_037;
const NOT_ENABLED = [10_039, 10_076];

/** Reads what `@nats-io/jetstream` has thrown, or `askApi`. */
export function failureIn(error: unknown): ManagementFailure {
  const { cause, code, name, message } = (error ?? {}) as Record<string, unknown>;
  const violation = violationIn(error) ?? violationIn(cause);
  const words = printable(typeof message === 'string' ? message : String(error), 500);
  if (violation !== undefined) return { kind: 'forbidden', code: 0, words: violation.subject };
  const number = typeof code === 'number' ? code : 0;
  if (number === STREAM_NOT_FOUND || number === CONSUMER_NOT_FOUND) return { kind: 'missing', code: number, words };
  if (name === 'JetStreamNotEnabled' || hasNoResponders(error) || NOT_ENABLED.includes(number))
    return { kind: 'disabled', code: number, words };
  return { kind: number > 0 ? 'refused' : 'unanswered', code: number, words };
}

/** Whether the message that was asked for, or its stream, does not exist. */
export function isNothing(error: unknown): boolean {
  const { kind, code } = failureIn(error);
  return kind === 'missing' || code === MESSAGE_NOT_FOUND;
}
