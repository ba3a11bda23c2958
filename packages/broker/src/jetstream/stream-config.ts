import { ApiError, refusals } from './api-error';
import { type Fields } from './json';
import { type Metadata, withRequiredLevel } from './level';
import { isSubject, isSubset, subjectsCollide } from './subject-filter';

/** A stream's configuration by the names of the wire; durations are nanoseconds there. */
export interface StreamConfig {
  name: string;
  description?: string;
  subjects: string[];
  retention: 'limits' | 'interest' | 'workqueue';
  max_consumers: number;
  max_msgs: number;
  max_bytes: number;
  max_age: number;
  max_msgs_per_subject: number;
  max_msg_size: number;
  discard: 'old' | 'new';
  storage: 'file' | 'memory';
  num_replicas: number;
  no_ack?: boolean;
  duplicate_window: number;
  compression: 'none' | 's2';
  first_seq?: number;
  allow_direct: boolean;
  mirror_direct: boolean;
  discard_new_per_subject?: boolean;
  sealed: boolean;
  deny_delete: boolean;
  deny_purge: boolean;
  allow_rollup_hdrs: boolean;
  consumer_limits: { inactive_threshold?: number; max_ack_pending?: number };
  allow_msg_ttl: boolean;
  subject_delete_marker_ttl?: number;
  allow_msg_schedules?: boolean;
  metadata: Metadata;
}

/** What a request may say, the parts that the broker refuses included. */
export const STREAM_FIELDS: Fields = {
  name: 'string',
  description: 'string',
  subjects: { list: 'string' },
  retention: ['limits', 'interest', 'workqueue'],
  max_consumers: 'integer',
  max_msgs: 'integer',
  max_bytes: 'integer',
  max_age: 'integer',
  max_msgs_per_subject: 'integer',
  max_msg_size: 'integer',
  discard: ['old', 'new'],
  storage: ['file', 'memory'],
  num_replicas: 'integer',
  no_ack: 'boolean',
  duplicate_window: 'integer',
  placement: { fields: { cluster: 'string', tags: { list: 'string' }, preferred: 'string' } },
  mirror: { fields: anySource() },
  sources: { list: { fields: anySource() } },
  compression: ['none', 's2'],
  first_seq: 'sequence',
  subject_transform: { fields: { src: 'string', dest: 'string' } },
  republish: { fields: { src: 'string', dest: 'string', headers_only: 'boolean' } },
  allow_direct: 'boolean',
  mirror_direct: 'boolean',
  discard_new_per_subject: 'boolean',
  sealed: 'boolean',
  deny_delete: 'boolean',
  deny_purge: 'boolean',
  allow_rollup_hdrs: 'boolean',
  consumer_limits: { fields: { inactive_threshold: 'integer', max_ack_pending: 'integer' } },
  allow_msg_ttl: 'boolean',
  subject_delete_marker_ttl: 'integer',
  allow_msg_counter: 'boolean',
  allow_atomic: 'boolean',
  allow_msg_schedules: 'boolean',
  persist_mode: ['default', 'async'],
  allow_batched: 'boolean',
  metadata: 'metadata',
  pedantic: 'boolean',
};

const SECOND = 1e9;
const MIN_AGE = SECOND / 10;
const DEFAULT_WINDOW = 120 * SECOND;
const MAX_NAME = 255;
const MAX_DESCRIPTION = 4 * 1024;
const MAX_METADATA = 128 * 1024;
const UNLIMITED = ['max_msgs', 'max_msgs_per_subject', 'max_bytes', 'max_msg_size', 'max_consumers'] as const;

/** Fills in the defaults and checks, in the order of nats-server. Throws ApiError. */
export function checkStreamConfig(given: Record<string, unknown>): StreamConfig {
  const refuse = (text: string): never => {
    throw refusals.invalidConfig(text);
  };
  const { pedantic: _, ...fields } = given;
  refuseUnknown(fields);
  const config: StreamConfig = { ...DEFAULTS, ...(fields as Partial<StreamConfig>) };
  if (!isAssetName(config.name)) refuse("stream name is required and can not contain '.', '*', '>', '\\', '/'");
  if (config.name.length > MAX_NAME) refuse(`stream name is too long, maximum allowed is ${MAX_NAME}`);
  if ((config.description ?? '').length > MAX_DESCRIPTION)
    refuse(`stream description is too long, maximum allowed is ${MAX_DESCRIPTION}`);
  if (metadataSize(config.metadata) > MAX_METADATA)
    refuse(`stream metadata exceeds maximum size of ${MAX_METADATA} bytes`);
  if (config.num_replicas === 0) config.num_replicas = 1;
  if (config.num_replicas > 5) refuse('maximum replicas is 5');
  if (config.num_replicas < 0) throw new ApiError(400, 10133, 'replicas count cannot be negative');
  for (const limit of UNLIMITED) if (config[limit] === 0 || config[limit] < -1) config[limit] = -1;
  checkTimes(config, refuse);
  checkCombinations(config, refuse);
  checkSubjects(config, refuse);
  if (config.num_replicas > 1) throw new ApiError(500, 10074, 'replicas > 1 not supported in non-clustered mode');
  config.metadata = withRequiredLevel(config.metadata, requiredLevel(config));
  return config;
}

/** Whether a name can be that of a stream or consumer. */
export function isAssetName(name: string): boolean {
  return name !== '' && !/[\s.*>\\/\0]/.test(name);
}

export function metadataSize(metadata: Metadata): number {
  return Object.entries(metadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

const DEFAULTS: StreamConfig = {
  name: '',
  subjects: [],
  retention: 'limits',
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_age: 0,
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  discard: 'old',
  storage: 'file',
  num_replicas: 1,
  duplicate_window: 0,
  compression: 'none',
  allow_direct: false,
  mirror_direct: false,
  sealed: false,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  consumer_limits: {},
  allow_msg_ttl: false,
  metadata: {},
};

/** What nats-server has and the broker has not: said with the code of a configuration that is not possible. */
function refuseUnknown(fields: Record<string, unknown>): void {
  for (const name of ['mirror', 'subject_transform', 'republish'] as const) {
    if (fields[name] !== undefined) throw refusals.invalidConfig(`the in-process broker has no ${name}`);
    delete fields[name];
  }
  for (const name of ['allow_msg_counter', 'allow_atomic', 'allow_batched'] as const) {
    if (fields[name] === true) throw refusals.invalidConfig(`the in-process broker has no ${name}`);
    delete fields[name];
  }
  if (Array.isArray(fields.sources) && fields.sources.length > 0)
    throw refusals.invalidConfig('the in-process broker has no sources');
  if (fields.persist_mode === 'async') throw refusals.invalidConfig('the in-process broker has no persist_mode');
  // Where a stream lies means nothing in one process.
  for (const name of ['sources', 'persist_mode', 'placement']) delete fields[name];
}

function checkTimes(config: StreamConfig, refuse: (text: string) => never): void {
  if (config.max_age < 0) refuse('max age can not be negative');
  if (config.max_age !== 0 && config.max_age < MIN_AGE) refuse('max age needs to be >= 100ms');
  if (config.duplicate_window === 0) {
    config.duplicate_window = config.max_age === 0 ? DEFAULT_WINDOW : Math.min(config.max_age, DEFAULT_WINDOW);
  }
  if (config.duplicate_window < 0) refuse('duplicates window can not be negative');
  if (config.max_age !== 0 && config.duplicate_window > config.max_age)
    refuse('duplicates window can not be larger then max age');
  if (config.duplicate_window < MIN_AGE) refuse('duplicates window needs to be >= 100ms');
}

function checkCombinations(config: StreamConfig, refuse: (text: string) => never): void {
  if (config.deny_purge && config.allow_rollup_hdrs) refuse('roll-ups require the purge permission');
  if (config.discard_new_per_subject) {
    if (config.discard !== 'new') refuse('discard new per subject requires discard new policy to be set');
    if (config.max_msgs_per_subject <= 0) refuse('discard new per subject requires max msgs per subject > 0');
  }
  const marker = config.subject_delete_marker_ttl ?? 0;
  if (marker < 0) refuse('subject delete marker TTL must not be negative');
  if (marker > 0) {
    if (marker < SECOND) refuse('subject delete marker TTL must be at least 1 second');
    config.allow_msg_ttl = true;
    allowRollup(config);
  }
  if (config.allow_msg_schedules) {
    if (config.discard === 'new') refuse('message scheduling cannot use discard new');
    allowRollup(config);
  }
}

function allowRollup(config: StreamConfig): void {
  if (config.allow_rollup_hdrs) return;
  config.allow_rollup_hdrs = true;
  config.deny_purge = false;
}

function checkSubjects(config: StreamConfig, refuse: (text: string) => never): void {
  if (config.subjects.length === 0) config.subjects = [config.name];
  for (const [i, subject] of config.subjects.entries()) {
    if (!isSubject(subject)) refuse('invalid subject');
    if (config.subjects.indexOf(subject) !== i) refuse('duplicate subjects detected');
    if (subject === '>' && !config.no_ack) refuse('capturing all subjects requires no-ack to be true');
    if (!config.no_ack) {
      const api = ['$JS.>', '$JSC.>', '$NRG.>'].some((own) => subjectsCollide(subject, own));
      if (api && !isSubset(subject, '$JS.EVENT.>'))
        refuse('subjects that overlap with jetstream api require no-ack to be true');
      if (subjectsCollide(subject, '$SYS.>') && !isSubset(subject, '$SYS.ACCOUNT.>'))
        refuse('subjects that overlap with system api require no-ack to be true');
    }
    for (const other of config.subjects.slice(i + 1)) {
      if (subjectsCollide(other, subject))
        refuse(`subject ${JSON.stringify(subject)} overlaps with ${JSON.stringify(other)}`);
    }
  }
}

function requiredLevel(config: StreamConfig): number {
  if (config.allow_msg_schedules) return 2;
  return config.allow_msg_ttl || (config.subject_delete_marker_ttl ?? 0) > 0 ? 1 : 0;
}

function anySource(): Fields {
  return {
    name: 'string',
    opt_start_seq: 'sequence',
    opt_start_time: 'time',
    filter_subject: 'string',
    subject_transforms: { list: { fields: { src: 'string', dest: 'string' } } },
    external: { fields: { api: 'string', deliver: 'string' } },
    consumer: { fields: { name: 'string', deliver_subject: 'string' } },
  };
}
