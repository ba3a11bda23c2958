import type { Publication } from '../operations';
import { ApiError, refusals } from './api-error';
import type { Append } from './append';
import type { Budget } from './budget';
import type { Duplicates } from './duplicates';
import { headerOf, withHeader, withoutHeaders } from './headers';
import type { Post } from './post';
import { checkSchedule, type ScheduleStore } from './schedule-headers';
import { SubjectFilter } from './subject-filter';
import { readTtl } from './ttl';

/** What publishing needs of a stream. */
export interface Store extends ScheduleStore {
  readonly quotedName: string;
  readonly post: Post;
  readonly budget: Budget;
  readonly duplicates: Duplicates;
  readonly lastMessageId: string;
  readonly append: Append;
}

const MAX_HEADERS = 65_535;
const CRLF = '\r\n';

/** Stores a message that was published on a stream's subject, and acknowledges or refuses it. */
export function publish(stream: Store, message: Publication): void {
  const { name, no_ack } = stream.config;
  const answer = (body: string): void => {
    if (message.reply !== undefined && !no_ack) stream.post.send(message.reply, body);
  };
  try {
    answer(store(stream, message));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    answer(JSON.stringify({ error: error.body, stream: name, seq: 0 }));
  }
}

function store(stream: Store, message: Publication): string {
  const { config } = stream;
  if (config.sealed) throw new ApiError(400, 10109, 'invalid operation on sealed stream');
  let headers = message.headerSize === 0 ? '' : message.frame.toString('latin1', 0, message.headerSize);
  let { frame } = message;
  if (!headers.includes('\nNats-')) {
    checkSize(stream, message.headerSize, frame);
    return acknowledge(stream, stream.append(message.subject, message.headerSize, frame, undefined, ''));
  }

  const known = checkExpectations(stream, message.subject, headers);
  if (known !== undefined) return known;
  const given = headers;
  headers = checkSchedule(stream, message.subject, headers);
  const rollup = checkRollup(stream, headers);
  checkSize(stream, headers.length, frame);
  const ttl = readTtl(headerOf(headers, 'Nats-TTL'));
  if (ttl === 'invalid') throw new ApiError(400, 10165, 'invalid per-message TTL');
  let seconds = ttl;
  const marker = Math.floor((config.subject_delete_marker_ttl ?? 0) / 1e9);
  if (typeof seconds === 'number' && seconds > 0 && seconds < marker && config.max_msgs_per_subject !== 1) {
    seconds = marker;
    headers = withHeader(
      withoutHeaders(headers, (name) => name === 'Nats-TTL'),
      'Nats-TTL',
      String(marker),
    );
  }
  if (headers !== given) {
    frame = Buffer.concat([Buffer.from(headers, 'latin1'), frame.subarray(message.headerSize)]);
  }
  const id = headerOf(headers, 'Nats-Msg-Id') ?? '';
  const sequence = stream.append(message.subject, headers.length, frame, seconds, id, rollup);
  return acknowledge(stream, sequence);
}

function acknowledge(stream: Store, sequence: number): string {
  return `{"stream":${stream.quotedName},"seq":${sequence}}`;
}

/** Throws where an expectation does not hold, and gives the acknowledgement of a duplicate. */
function checkExpectations(stream: Store, subject: string, headers: string): string | undefined {
  const { config, log } = stream;
  const wrongLast = (sequence: number): ApiError => new ApiError(400, 10071, `wrong last sequence: ${sequence}`);
  const expectedStream = headerOf(headers, 'Nats-Expected-Stream');
  if (expectedStream && expectedStream !== config.name)
    throw new ApiError(400, 10060, 'expected stream does not match');

  const ttl = readTtl(headerOf(headers, 'Nats-TTL'));
  if (ttl !== undefined && ttl !== 'invalid' && ttl !== 0 && !config.allow_msg_ttl)
    throw new ApiError(400, 10166, 'per-message TTL is disabled');

  const lastOfSubject = headerOf(headers, 'Nats-Expected-Last-Subject-Sequence');
  const otherSubject = headerOf(headers, 'Nats-Expected-Last-Subject-Sequence-Subject');
  if (lastOfSubject) {
    const last = log.last(new SubjectFilter([otherSubject || subject]))?.sequence ?? 0;
    if (readSequence(lastOfSubject) !== last) throw wrongLast(last);
  } else if (otherSubject) {
    throw new ApiError(400, 10193, 'missing sequence for expected last sequence per subject');
  }

  const last = headerOf(headers, 'Nats-Expected-Last-Sequence');
  if (last && readSequence(last) !== log.lastSequence) throw wrongLast(log.lastSequence);

  if (headerOf(headers, 'Nats-Incr')) throw new ApiError(400, 10168, 'message counters is disabled');
  if (headerOf(headers, 'Nats-Batch-Id')) throw new ApiError(400, 10174, 'atomic publish is disabled');
  if (headerOf(headers, 'Nats-Stream-Source'))
    throw new ApiError(400, 10227, 'message stream source header is not allowed');

  const id = headerOf(headers, 'Nats-Msg-Id');
  const known = id ? stream.duplicates.find(id) : undefined;
  if (known !== undefined) return `{"stream":${stream.quotedName},"seq":${known},"duplicate": true}`;

  const lastId = headerOf(headers, 'Nats-Expected-Last-Msg-Id');
  if (lastId && lastId !== stream.lastMessageId)
    throw new ApiError(400, 10070, `wrong last msg ID: ${stream.lastMessageId}`);
  return undefined;
}

function checkRollup({ config }: Store, headers: string): 'sub' | 'all' | undefined {
  const rollup = headerOf(headers, 'Nats-Rollup');
  if (!rollup) return undefined;
  const refuse = (text: string): never => {
    throw new ApiError(500, 10111, text);
  };
  if (!config.allow_rollup_hdrs || config.deny_purge) refuse('rollup not permitted');
  return rollup === 'sub' || rollup === 'all' ? rollup : refuse(`rollup value invalid: ${JSON.stringify(rollup)}`);
}

function checkSize({ config, budget }: Store, headerSize: number, frame: Buffer): void {
  const size = frame.length - CRLF.length;
  if (config.max_msg_size >= 0 && size > config.max_msg_size)
    throw new ApiError(400, 10054, 'message size exceeds maximum allowed');
  if (headerSize > MAX_HEADERS) throw new ApiError(400, 10097, 'header size exceeds maximum allowed of 64k');
  if (!budget.hasRoom(size)) throw refusals.insufficientResources();
}

function readSequence(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}
