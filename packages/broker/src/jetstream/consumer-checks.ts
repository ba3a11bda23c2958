import { ApiError, refusals } from './api-error';
import { type ConsumerConfig, filtersOf } from './consumer-config';
import { withRequiredLevel } from './level';
import { isAssetName, metadataSize, type StreamConfig } from './stream-config';
import { hasWildcard, isSubject, isSubset, matchesAny } from './subject-filter';

const MILLISECOND = 1e6;
const DEFAULT_ACK_WAIT = 30_000 * MILLISECOND;
const DEFAULT_MAX_ACK_PENDING = 1_000;
const DEFAULT_MAX_WAITING = 512;
const DEFAULT_PINNED = 120_000 * MILLISECOND;
const MAX_DESCRIPTION = 4 * 1024;
const MAX_METADATA = 128 * 1024;
const GROUP_NAME = /^[a-zA-Z0-9/_=-]{1,16}$/;
const NO_NEGATIVES = [
  'max_waiting',
  'max_batch',
  'max_expires',
  'max_bytes',
  'idle_heartbeat',
  'inactive_threshold',
  'priority_timeout',
] as const;

const bad = (errorCode: number, text: string): never => {
  throw new ApiError(400, errorCode, text);
};

/** Fills in the defaults and checks, in the order of nats-server. Throws ApiError. */
export function checkConsumerConfig(given: Record<string, unknown>, stream: StreamConfig): ConsumerConfig {
  const config = withDefaults(given, stream);
  checkNames(config);
  checkReplicas(config, stream);
  if (config.backoff?.some((wait) => wait < 0)) bad(10184, 'consumer backoff needs to be positive');
  if ((config.ack_wait ?? 0) < 0) bad(10183, 'consumer ack wait needs to be positive');
  const steps = config.backoff?.length ?? 0;
  if (steps > 0 && config.max_deliver !== -1 && steps > config.max_deliver) tooManySteps();
  if ((config.description ?? '').length > MAX_DESCRIPTION)
    bad(10107, `consumer description is too long, maximum allowed is ${MAX_DESCRIPTION}`);
  if (config.deliver_subject === undefined) checkPull(config, stream);
  else checkPush(config, config.deliver_subject, stream);
  checkStreamLimits(config, stream);
  checkFilters(config);
  checkStart(config);
  if (config.sample_freq !== undefined && !/^\d+%?$/.test(config.sample_freq))
    bad(10095, 'failed to parse consumer sampling configuration: it must be a percentage');
  if (config.flow_control && !config.idle_heartbeat) bad(10108, 'consumer with flow control also needs heartbeats');
  if (config.durable_name !== undefined && config.name !== undefined && config.name !== config.durable_name)
    bad(10132, 'Consumer Durable and Name have to be equal if both are provided');
  if (metadataSize(config.metadata) > MAX_METADATA)
    bad(10135, `consumer metadata exceeds maximum size of ${MAX_METADATA / 1024}KB`);
  checkPriority(config);
  const level = config.pause_until !== undefined || (config.priority_policy ?? 'none') !== 'none' ? 1 : 0;
  config.metadata = withRequiredLevel(config.metadata, level);
  return config;
}

/** Throws for what cannot be changed in a consumer that exists. */
export function checkConsumerUpdate(before: ConsumerConfig, after: ConsumerConfig, isBound: boolean): void {
  const refuse = (text: string): never => {
    throw refusals.consumerCreate(text);
  };
  const fixed: readonly [keyof ConsumerConfig, string][] = [
    ['deliver_policy', 'deliver policy'],
    ['mem_storage', 'storage type'],
    ['opt_start_seq', 'start sequence'],
    ['opt_start_time', 'start time'],
    ['ack_policy', 'ack policy'],
    ['replay_policy', 'replay policy'],
    ['idle_heartbeat', 'heart beats'],
    ['flow_control', 'flow control'],
  ];
  for (const [field, name] of fixed) {
    if ((before[field] || undefined) !== (after[field] || undefined)) refuse(`${name} can not be updated`);
  }
  if (before.deliver_subject !== after.deliver_subject) {
    if (before.deliver_subject === undefined) refuse('can not update pull consumer to push based');
    if (after.deliver_subject === undefined) refuse('can not update push consumer to pull based');
    if (isBound) throw refusals.consumerNameInUse();
  }
  if (before.max_waiting !== after.max_waiting) refuse('max waiting can not be updated');
}

function withDefaults(given: Record<string, unknown>, stream: StreamConfig): ConsumerConfig {
  const fields = { ...given };
  if (fields.replay_policy === 'original') refuseUnknown('replay_policy original');
  if (fields.ack_policy === 'flow_control') refuseUnknown('ack_policy flow_control');
  for (const name of ['direct', 'sourcing'] as const) {
    if (fields[name] === true) refuseUnknown(name);
    delete fields[name];
  }
  if (Number(fields.rate_limit_bps ?? 0) > 0) refuseUnknown('rate_limit_bps');
  delete fields.rate_limit_bps;
  for (const [name, value] of Object.entries(fields)) if (value === '') delete fields[name];
  if (fields.deliver_policy === 'undefined') delete fields.deliver_policy;
  const config: ConsumerConfig = {
    deliver_policy: 'all',
    ack_policy: 'none',
    max_deliver: -1,
    replay_policy: 'instant',
    num_replicas: 0,
    metadata: {},
    ...(fields as Partial<ConsumerConfig>),
  };
  if (config.max_deliver === 0 || config.max_deliver < -1) config.max_deliver = -1;
  for (const name of NO_NEGATIVES) if ((config[name] ?? 0) < 0) config[name] = 0;
  if ((config.max_ack_pending ?? 0) < -1) config.max_ack_pending = -1;
  if (config.deliver_subject === undefined) config.max_waiting ||= DEFAULT_MAX_WAITING;
  if (config.ack_policy !== 'none') config.ack_wait ||= DEFAULT_ACK_WAIT;
  if (config.backoff?.[0] !== undefined) config.ack_wait = config.backoff[0];
  config.max_ack_pending ||= stream.consumer_limits.max_ack_pending;
  config.inactive_threshold ||= stream.consumer_limits.inactive_threshold;
  if (config.ack_policy !== 'none') config.max_ack_pending ||= DEFAULT_MAX_ACK_PENDING;
  if (config.priority_policy === 'pinned_client') config.priority_timeout ||= DEFAULT_PINNED;
  return config;
}

function refuseUnknown(what: string): never {
  throw refusals.consumerCreate(`the in-process broker has no ${what}`);
}

function tooManySteps(): never {
  return bad(10116, 'max deliver is required to be > length of backoff values');
}

function checkNames({ name, durable_name }: ConsumerConfig): void {
  const characters = "can not contain '.', '*', '>', '\\', '/'";
  if (name !== undefined && !isAssetName(name)) throw refusals.invalidConfig(`consumer name ${characters}`);
  if (durable_name !== undefined && !isAssetName(durable_name))
    throw refusals.invalidConfig(`consumer durable name ${characters}`);
  if ((durable_name ?? name ?? '').length > 255) bad(10102, 'consumer name is too long, maximum allowed is 255');
}

function checkReplicas({ num_replicas }: ConsumerConfig, stream: StreamConfig): void {
  if (num_replicas > stream.num_replicas) bad(10126, 'consumer config replica count exceeds parent stream');
  if (num_replicas < 0) bad(10133, 'replicas count cannot be negative');
}

function checkPush(config: ConsumerConfig, subject: string, stream: StreamConfig): void {
  if (hasWildcard(subject)) bad(10079, 'consumer deliver subject has wildcards');
  if (!isSubject(subject)) bad(10112, 'invalid push consumer deliver subject');
  if (matchesAny(stream.subjects, subject)) bad(10081, 'consumer deliver subject forms a cycle');
  if ((config.max_waiting ?? 0) !== 0) bad(10080, 'consumer in push mode can not set max waiting');
  if ((config.max_ack_pending ?? 0) > 0 && config.ack_policy === 'none')
    bad(10082, 'consumer requires ack policy for max ack pending');
  const heartbeat = config.idle_heartbeat ?? 0;
  if (heartbeat > 0 && heartbeat < 100 * MILLISECOND) bad(10083, 'consumer idle heartbeat needs to be >= 100ms');
}

function checkPull(config: ConsumerConfig, stream: StreamConfig): void {
  if (config.ack_policy === 'none' && stream.retention === 'workqueue')
    bad(10084, 'consumer in pull mode requires explicit ack policy on workqueue stream');
  if ((config.idle_heartbeat ?? 0) > 0) bad(10088, 'consumer idle heartbeat requires a push based consumer');
  if (config.flow_control) bad(10089, 'consumer flow control requires a push based consumer');
  const expires = config.max_expires ?? 0;
  if (expires !== 0 && expires < MILLISECOND) bad(10115, 'consumer max request expires needs to be >= 1ms');
}

function checkStreamLimits(config: ConsumerConfig, { consumer_limits: limits }: StreamConfig): void {
  if (limits.max_ack_pending && (config.max_ack_pending ?? 0) > limits.max_ack_pending)
    bad(10121, `consumer max ack pending exceeds system limit of ${limits.max_ack_pending}`);
  if (limits.inactive_threshold && (config.inactive_threshold ?? 0) > limits.inactive_threshold)
    bad(10153, `consumer inactive threshold exceeds system limit of ${limits.inactive_threshold}`);
}

function checkFilters(config: ConsumerConfig): void {
  if (config.filter_subject !== undefined && (config.filter_subjects?.length ?? 0) > 0)
    bad(10136, 'consumer cannot have both FilterSubject and FilterSubjects specified');
  if (config.filter_subjects?.includes('')) bad(10139, 'consumer filter in FilterSubjects cannot be empty');
  const filters = filtersOf(config);
  for (const [i, subject] of filters.entries()) {
    if (!isSubject(subject)) throw refusals.invalidConfig('invalid subject');
    if (filters.some((other, j) => i !== j && isSubset(subject, other)))
      bad(10138, 'consumer subject filters cannot overlap');
  }
}

function checkStart(config: ConsumerConfig): void {
  const { deliver_policy: policy, opt_start_seq: sequence, opt_start_time: time } = config;
  const name = policy.replaceAll('_', ' ');
  const set = (what: string): never => {
    throw refusals.consumerPolicy(`consumer delivery policy is deliver ${name}, but optional ${what} is also set`);
  };
  const notSet = (what: string): never => {
    throw refusals.consumerPolicy(`consumer delivery policy is deliver ${name}, but optional ${what} is not set`);
  };
  if (policy === 'by_start_sequence') {
    if (!sequence) notSet('start sequence');
    if (time !== undefined) set('start time');
  } else if (policy === 'by_start_time') {
    if (time === undefined) notSet('start time');
    if (sequence) set('start start sequence');
  } else {
    if (sequence) set('start sequence');
    if (time !== undefined) set('start time');
    if (policy === 'last_per_subject' && filtersOf(config).length === 0) notSet('filter subject');
  }
}

function checkPriority(config: ConsumerConfig): void {
  const groups = config.priority_groups ?? [];
  if ((config.priority_policy ?? 'none') === 'none') {
    if (groups.length > 0) bad(10196, 'consumer can not have priority groups when policy is none');
    if ((config.priority_timeout ?? 0) > 0) bad(10197, 'PinnedTTL cannot be set when PriorityPolicy is none');
    return;
  }
  if (config.deliver_subject !== undefined) bad(10178, 'priority groups can not be used with push consumers');
  if (groups.length === 0) bad(10159, 'Setting PriorityPolicy requires at least one PriorityGroup to be set');
  for (const group of groups) {
    if (group === '') bad(10161, 'Group name cannot be an empty string');
    if (!GROUP_NAME.test(group))
      bad(10162, 'Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters');
  }
}
