import { ApiError } from '../api-error';
import type { Publication } from '../../operations';
import { statusBlock, withHeader } from '../headers';
import { checkRequiredLevel } from '../level';
import type { StoredMessage } from '../message-log';
import type { Post } from '../post';
import { SubjectFilter, toBytes } from '../subject-filter';
import { formatTime } from '../time-format';
import { findMessage, type MessageQuery, readQuery } from './messages';
import type { Account } from './request';

const MAX_BATCH_BYTES = 64 * 1024 * 1024;
const MAX_SUBJECTS = 1_024;

/**
 * Answers `$JS.API.DIRECT.GET.<stream>[.<subject>]` with the messages themselves.
 * As in nats-server nobody answers for a stream that does not allow it.
 */
export function answerDirect(
  { streams }: Account,
  post: Post,
  { reply }: Publication,
  tokens: readonly string[],
  headers: string,
  body: Buffer,
): void {
  const stream = streams.get(tokens[2] ?? '');
  if (reply === undefined || tokens[1] !== 'GET') return;
  const say = (status: string): void => post.send(reply, '', statusBlock(status));
  if (!stream?.config.allow_direct) return post.send(reply, '', statusBlock('503'));
  const { log, config } = stream;
  const send = (message: StoredMessage, more: readonly [string, string | number][] = []): void => {
    const block = headersOf(message, config.name, more);
    const payload = message.frame.subarray(message.headerSize);
    const frame = Buffer.concat([Buffer.from(block, 'latin1'), payload]);
    post.forward(reply, { subject: reply, reply: undefined, headerSize: block.length, frame });
  };
  let query: MessageQuery;
  try {
    checkRequiredLevel(headers);
    query = readQuery(body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return say(error.body.code === 412 ? '412 Required Api Level' : '408 Malformed Request');
  }
  const key = tokens.slice(3).join('.');
  if (key !== '') {
    const { no_hdr: _, max_bytes: __, ...rest } = query;
    if (Object.keys(rest).length > 0) return say('408 Bad Request');
    query = { last_by_subj: key };
  }
  if (!asksAnything(query)) return say('408 Empty Request');
  if (isContradictory(query)) return say('408 Bad Request');
  if (query.multi_last && query.multi_last.length > 0) {
    const upTo =
      query.up_to_time === undefined
        ? query.up_to_seq || log.lastSequence
        : (log.firstSince(query.up_to_time)?.sequence ?? log.lastSequence + 1) - 1;
    const found = log
      .lastOfEach(new SubjectFilter(query.multi_last.map(toBytes)))
      .filter(({ sequence }) => sequence <= upTo && sequence >= (query.seq ?? 0));
    if (found.length === 0) return say('404 No Results');
    if (found.length > MAX_SUBJECTS) return say('413 Too Many Results');
    sendAll(found, query, send, (pending, last) =>
      post.send(reply, '', endOfBatch(pending, last, [['Nats-UpTo-Sequence', upTo]])),
    );
    return;
  }
  if (!query.batch) {
    const message = findMessage(log, query);
    if (message) send(message);
    else say('404 Message Not Found');
    return;
  }
  const start = findMessage(log, { ...query, next_by_subj: query.next_by_subj || '>' });
  if (!start) return say('404 Message Not Found');
  const filter = new SubjectFilter([toBytes(query.next_by_subj || '>')]);
  const found: StoredMessage[] = [];
  let next: StoredMessage | undefined = start;
  for (; next && found.length < query.batch; next = log.next(next.sequence + 1, filter)) found.push(next);
  const behind = next ? log.countFrom(next.sequence, filter) : 0;
  sendAll(found, query, send, (pending, last) => post.send(reply, '', endOfBatch(pending, last)), behind);
}

function sendAll(
  messages: readonly StoredMessage[],
  { batch = Infinity, max_bytes }: MessageQuery,
  send: (message: StoredMessage, more: readonly [string, string | number][]) => void,
  end: (pending: number, last: number) => void,
  behind = 0,
): void {
  let last = 0;
  let bytes = 0;
  let pending = messages.length + behind;
  for (const [i, message] of messages.entries()) {
    if (i >= batch || bytes >= (max_bytes || MAX_BATCH_BYTES)) break;
    pending--;
    send(message, [
      ['Nats-Num-Pending', pending],
      ['Nats-Last-Sequence', last],
    ]);
    last = message.sequence;
    bytes += message.subject.length + message.frame.length - 2;
  }
  end(pending, last);
}

function endOfBatch(pending: number, last: number, more: readonly [string, number][] = []): string {
  return statusBlock('204 EOB', [['Nats-Num-Pending', pending], ['Nats-Last-Sequence', last], ...more]);
}

function headersOf(message: StoredMessage, stream: string, more: readonly [string, string | number][]): string {
  const own = message.frame.toString('latin1', 0, message.headerSize);
  const added: readonly (readonly [string, string | number])[] = [
    ['Nats-Stream', toBytes(stream)],
    ['Nats-Subject', message.subject],
    ['Nats-Sequence', message.sequence],
    ['Nats-Time-Stamp', formatTime(message.time)],
    ...more,
  ];
  return added.reduce((block, [name, value]) => withHeader(block, name, String(value)), own);
}

function asksAnything({ seq, last_by_subj, next_by_subj, multi_last, start_time }: MessageQuery): boolean {
  return Boolean(seq || last_by_subj || next_by_subj || multi_last?.length || start_time !== undefined);
}

function isContradictory(query: MessageQuery): boolean {
  const { seq, last_by_subj: last, next_by_subj: next, start_time: time, batch, multi_last: multi } = query;
  return Boolean(
    (seq && last) ||
    (seq && time !== undefined) ||
    (last && (time !== undefined || next || batch || multi?.length)) ||
    (next && multi?.length) ||
    (query.up_to_seq && query.up_to_time !== undefined),
  );
}
