import { ApiError, refusals } from '../api-error';
import { readRequest } from '../json';
import type { MessageLog, StoredMessage } from '../message-log';
import { fromBytes, SubjectFilter, toBytes } from '../subject-filter';
import { formatTime } from '../time-format';
import { findStream, type Handler, type Handlers } from './request';

const GET_FIELDS = {
  seq: 'sequence',
  last_by_subj: 'string',
  next_by_subj: 'string',
  batch: 'integer',
  max_bytes: 'integer',
  start_time: 'time',
  multi_last: { list: 'string' },
  up_to_seq: 'sequence',
  up_to_time: 'time',
  no_hdr: 'boolean',
} as const;

/** Which message is meant. */
export interface MessageQuery {
  readonly seq?: number;
  readonly last_by_subj?: string;
  readonly next_by_subj?: string;
  readonly start_time?: number;
  readonly batch?: number;
  readonly max_bytes?: number;
  readonly multi_last?: readonly string[];
  readonly up_to_seq?: number;
  readonly up_to_time?: number;
  readonly no_hdr?: boolean;
}

export function readQuery(body: Buffer): MessageQuery {
  return readRequest(body, GET_FIELDS);
}

/** The message by its sequence, the last of a subject, or the next of one. */
export function findMessage(log: MessageLog, query: MessageQuery): StoredMessage | undefined {
  const { seq = 0, last_by_subj: last, next_by_subj: next, start_time: time } = query;
  if (last) return log.last(new SubjectFilter([toBytes(last)]));
  const from = time === undefined ? seq : (log.firstSince(time)?.sequence ?? log.lastSequence + 1);
  if (next) return log.next(from, new SubjectFilter([toBytes(next)]));
  return log.get(from);
}

const get: Handler = (account, [name], { body }) => {
  const { log } = findStream(account, name);
  const query = readQuery(body);
  const { seq, last_by_subj: last, next_by_subj: next, start_time: time } = query;
  const isTwofold = (last && (seq || next || time !== undefined)) || (seq && time !== undefined);
  if ((!seq && !last && !next && time === undefined) || isTwofold) throw refusals.badRequest();
  const message = findMessage(log, query);
  if (!message) throw refusals.messageNotFound();
  const { frame, headerSize } = message;
  const body64 = frame.subarray(headerSize, frame.length - 2).toString('base64');
  return {
    message: {
      subject: fromBytes(message.subject),
      seq: message.sequence,
      ...(headerSize > 0 ? { hdrs: frame.toString('base64', 0, headerSize) } : {}),
      ...(body64 === '' ? {} : { data: body64 }),
      time: formatTime(message.time),
    },
  };
};

const remove: Handler = (account, [name], { body }) => {
  const stream = findStream(account, name);
  const { seq = 0 } = readRequest(body, { seq: 'sequence', no_erase: 'boolean' }) as { seq?: number };
  if (body.length === 0) throw refusals.badRequest();
  if (stream.config.sealed) throw new ApiError(400, 10109, 'invalid operation on sealed stream');
  if (stream.config.deny_delete) throw new ApiError(500, 10057, 'message delete not permitted');
  const message = stream.log.get(seq);
  if (!message) throw refusals.sequenceNotFound(seq);
  stream.remove(message);
  return { success: true };
};

/** What is asked of single messages, by its subject. */
export const messageHandlers: Handlers = {
  'STREAM.MSG.GET': ['stream_msg_get', get],
  'STREAM.MSG.DELETE': ['stream_msg_delete', remove],
};
