import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ApiError, refusals } from '../api-error';
import { Consumer } from '../consumer';
import { checkConsumerConfig, checkConsumerUpdate } from '../consumer-checks';
import { CONSUMER_FIELDS, type ConsumerConfig, filtersOf } from '../consumer-config';
import { consumerInfo } from '../consumer-info';
import { readRequest } from '../json';
import { withRequiredLevel } from '../level';
import type { Stream } from '../stream';
import { subjectsCollide } from '../subject-filter';
import { formatTime, NO_TIME } from '../time-format';
import { findConsumer, findStream, type Handler, type Handlers, page } from './request';

const NAMES_LIMIT = 1_024;
const LIST_LIMIT = 256;
const MAX_CONSUMERS = 10_000;
// As long as an ephemeral consumer lives without anybody who uses it.
const EPHEMERAL = 5e9;

const bad = (errorCode: number, text: string): never => {
  throw new ApiError(400, errorCode, text);
};

interface CreateRequest {
  readonly stream_name?: string;
  readonly config?: Record<string, unknown> & Partial<ConsumerConfig>;
  readonly action?: string;
}

const CREATE_FIELDS = {
  stream_name: 'string',
  config: { fields: CONSUMER_FIELDS },
  action: ['', 'create', 'update'],
  pedantic: 'boolean',
} as const;

const create: Handler = (account, [streamName = '', name, ...filter], { body }) => {
  const { stream_name, config = {}, action = '' } = readRequest(body, CREATE_FIELDS) as CreateRequest;
  if (stream_name !== streamName) throw refusals.streamMismatch();
  if (name === undefined && config.durable_name)
    bad(10020, 'consumer expected to be ephemeral but a durable name was set in request');
  if (name !== undefined && config.durable_name && config.durable_name !== name)
    bad(10017, 'consumer name in subject does not match durable name in request');
  if (filter.length > 0) {
    if ((config.filter_subjects?.length ?? 0) > 0)
      bad(10137, 'consumer with multiple subject filters cannot use subject based API');
    if (config.filter_subject !== filter.join('.'))
      bad(10131, 'Consumer create request did not match filtered subject from create subject');
  }
  const stream = findStream(account, streamName);
  return consumerInfo(make(stream, name === undefined ? config : { ...config, name }, action), true);
};

const createDurable: Handler = (account, [streamName = '', name, ...more], { body }) => {
  const { stream_name, config = {}, action = '' } = readRequest(body, CREATE_FIELDS) as CreateRequest;
  if (name === undefined || more.length > 0)
    bad(10016, 'consumer expected to be durable but no durable name set in subject');
  if (stream_name !== streamName) throw refusals.streamMismatch();
  if (!config.durable_name) bad(10018, 'consumer expected to be durable but a durable name was not set');
  if (config.durable_name !== name) bad(10017, 'consumer name in subject does not match durable name in request');
  const stream = findStream(account, streamName);
  return consumerInfo(make(stream, { ...config, name }, action), true);
};

function make(stream: Stream<Consumer>, given: Record<string, unknown>, action: string): Consumer {
  if (Number(given.num_replicas ?? 0) > 1)
    throw new ApiError(500, 10074, 'replicas > 1 not supported in non-clustered mode');
  const config = checkConsumerConfig(given, stream.config);
  if (config.durable_name === undefined) config.inactive_threshold ||= EPHEMERAL;
  const before = stream.consumers.get(config.durable_name ?? config.name ?? '');
  if (before) {
    if (action === 'create' && !isDeepStrictEqual(before.config, config)) throw refusals.consumerExists();
    if (stream.config.retention === 'workqueue' && !isAlone(stream, config, before)) notUnique();
    checkConsumerUpdate(before.config, config, before.isBound);
    before.update(config);
    return before;
  }
  if (action === 'update') throw refusals.consumerMissing();
  const most = stream.config.max_consumers;
  if (stream.consumers.size >= (most > 0 ? most : MAX_CONSUMERS)) throw refusals.maximumConsumers();
  if (stream.config.retention === 'workqueue') checkWorkQueue(stream, config);
  const name = config.durable_name ?? config.name ?? randomBytes(6).toString('base64url').replace(/[-_]/g, 'x');
  const consumer = new Consumer(stream, name, config);
  stream.consumers.set(name, consumer);
  return consumer;
}

function checkWorkQueue(stream: Stream<Consumer>, config: ConsumerConfig): void {
  if (config.ack_policy !== 'explicit') bad(10098, 'workqueue stream requires explicit ack');
  if (config.deliver_policy !== 'all') bad(10101, 'consumer must be deliver all on workqueue stream');
  if (stream.consumers.size === 0) return;
  if (filtersOf(config).length === 0) bad(10099, 'multiple non-filtered consumers not allowed on workqueue stream');
  if (!isAlone(stream, config)) notUnique();
}

function notUnique(): never {
  return bad(10100, 'filtered consumer not unique on workqueue stream');
}

/** Whether no other consumer of a work queue wants one of these subjects. */
function isAlone(stream: Stream<Consumer>, config: ConsumerConfig, itself?: Consumer): boolean {
  const own = filtersOf(config);
  for (const other of stream.consumers.values()) {
    if (other === itself) continue;
    const theirs = filtersOf(other.config);
    if (own.length === 0 || theirs.length === 0) return false;
    if (own.some((subject) => theirs.some((their) => subjectsCollide(subject, their)))) return false;
  }
  return true;
}

const info: Handler = (account, [stream, name], { body }) => {
  if (body.length > 0) throw refusals.notEmpty();
  return consumerInfo(findConsumer(account, stream, name), true);
};

const names: Handler = (account, [stream], { body }) => {
  const asked = readRequest(body, { offset: 'integer' });
  const all = [...findStream(account, stream).consumers.keys()].sort();
  const { entries, ...paging } = page(all, asked.offset, NAMES_LIMIT);
  return { ...paging, consumers: entries };
};

const list: Handler = (account, [stream], { body }) => {
  const asked = readRequest(body, { offset: 'integer' });
  const all = [...findStream(account, stream).consumers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { entries, ...paging } = page(all, asked.offset, LIST_LIMIT);
  return { ...paging, consumers: entries.map((consumer) => consumerInfo(consumer, false)) };
};

const remove: Handler = (account, [stream, name], { body }) => {
  if (body.length > 0) throw refusals.notEmpty();
  const consumer = findConsumer(account, stream, name);
  consumer.stream.deleteConsumer(consumer);
  return { success: true };
};

const pause: Handler = (account, [stream, name], { body }) => {
  const { pause_until: until } = readRequest(body, { pause_until: 'time' }) as { pause_until?: number };
  const consumer = findConsumer(account, stream, name);
  const { pause_until: _, ...rest } = consumer.config;
  const isSet = until !== undefined && until > 0;
  const config: ConsumerConfig = isSet ? { ...rest, pause_until: until } : rest;
  config.metadata = withRequiredLevel(config.metadata, isSet || (config.priority_policy ?? 'none') !== 'none' ? 1 : 0);
  consumer.update(config);
  const left = isSet ? until - account.clock.now() : 0;
  return {
    paused: left > 0,
    pause_until: isSet ? formatTime(until) : NO_TIME,
    ...(left > 0 ? { pause_remaining: Math.round(left * 1e6) } : {}),
  };
};

const unpin: Handler = (account, [stream, name], { body }) => {
  if (body.length === 0) throw refusals.invalidJson('unexpected end of JSON input');
  const { group } = readRequest(body, { group: 'string' }) as { group?: string };
  const consumer = findConsumer(account, stream, name);
  if (!group) throw refusals.badRequest();
  if (consumer.config.priority_policy !== 'pinned_client' || !consumer.config.priority_groups?.includes(group))
    bad(10160, 'Provided priority group does not exist for this consumer');
  consumer.priority.unpin('admin');
  return {};
};

const reset: Handler = (account, [stream, name], { body }) => {
  const { seq = 0 } = readRequest(body, { seq: 'sequence' }) as { seq?: number };
  const consumer = findConsumer(account, stream, name);
  const { deliver_policy: policy, opt_start_seq: first = 0, opt_start_time: time } = consumer.config;
  const refuse = (why: string): never => bad(10204, `invalid reset: ${why}`);
  if (seq > 0) {
    if (policy === 'by_start_sequence' && seq < first) refuse('below start seq');
    if (policy === 'by_start_time' && seq < (consumer.stream.log.firstSince(time ?? 0)?.sequence ?? 0))
      refuse('below start time');
    if (!['all', 'by_start_sequence', 'by_start_time'].includes(policy)) refuse('not allowed');
  }
  const to = consumer.reset(seq === 0 ? consumer.deliveries.floor.stream + 1 : seq);
  return { ...consumerInfo(consumer, true), reset_seq: to };
};

/** What is asked of consumers, by its subject. */
export const consumerHandlers: Handlers = {
  'CONSUMER.CREATE': ['consumer_create', create],
  'CONSUMER.DURABLE.CREATE': ['consumer_create', createDurable],
  'CONSUMER.INFO': ['consumer_info', info],
  'CONSUMER.NAMES': ['consumer_names', names, { total: 0, offset: 0, limit: 0, consumers: [] }],
  'CONSUMER.LIST': ['consumer_list', list, { total: 0, offset: 0, limit: 0, consumers: [] }],
  'CONSUMER.DELETE': ['consumer_delete', remove],
  'CONSUMER.PAUSE': ['consumer_pause', pause, { paused: false, pause_until: NO_TIME }],
  'CONSUMER.UNPIN': ['consumer_unpin', unpin],
  'CONSUMER.RESET': ['consumer_reset', reset, { reset_seq: 0 }],
};
