import { type Fields } from './json';
import type { Metadata } from './level';

/** A consumer's configuration by the names of the wire; durations are nanoseconds, times are ms. */
export interface ConsumerConfig {
  durable_name?: string;
  name?: string;
  description?: string;
  deliver_policy: 'all' | 'last' | 'new' | 'by_start_sequence' | 'by_start_time' | 'last_per_subject';
  opt_start_seq?: number;
  opt_start_time?: number;
  ack_policy: 'none' | 'all' | 'explicit';
  ack_wait?: number;
  max_deliver: number;
  backoff?: number[];
  filter_subject?: string;
  filter_subjects?: string[];
  replay_policy: 'instant';
  sample_freq?: string;
  max_waiting?: number;
  max_ack_pending?: number;
  flow_control?: boolean;
  headers_only?: boolean;
  max_batch?: number;
  max_expires?: number;
  max_bytes?: number;
  deliver_subject?: string;
  deliver_group?: string;
  idle_heartbeat?: number;
  inactive_threshold?: number;
  num_replicas: number;
  mem_storage?: boolean;
  metadata: Metadata;
  pause_until?: number;
  priority_groups?: string[];
  priority_policy?: 'none' | 'overflow' | 'pinned_client' | 'prioritized';
  priority_timeout?: number;
}

/** What a request may say, the parts that the broker refuses included. */
export const CONSUMER_FIELDS: Fields = {
  durable_name: 'string',
  name: 'string',
  description: 'string',
  deliver_policy: ['all', 'last', 'new', 'by_start_sequence', 'by_start_time', 'last_per_subject', 'undefined'],
  opt_start_seq: 'sequence',
  opt_start_time: 'time',
  ack_policy: ['none', 'all', 'explicit', 'flow_control'],
  ack_wait: 'integer',
  max_deliver: 'integer',
  backoff: { list: 'integer' },
  filter_subject: 'string',
  filter_subjects: { list: 'string' },
  replay_policy: ['instant', 'original'],
  rate_limit_bps: 'sequence',
  sample_freq: 'string',
  max_waiting: 'integer',
  max_ack_pending: 'integer',
  flow_control: 'boolean',
  headers_only: 'boolean',
  max_batch: 'integer',
  max_expires: 'integer',
  max_bytes: 'integer',
  deliver_subject: 'string',
  deliver_group: 'string',
  idle_heartbeat: 'integer',
  inactive_threshold: 'integer',
  num_replicas: 'integer',
  mem_storage: 'boolean',
  direct: 'boolean',
  sourcing: 'boolean',
  metadata: 'metadata',
  pause_until: 'time',
  priority_groups: { list: 'string' },
  priority_policy: ['none', 'overflow', 'pinned_client', 'prioritized'],
  priority_timeout: 'integer',
};

/** The subjects that a consumer wants; none is all of the stream's. */
export function filtersOf({ filter_subject, filter_subjects }: ConsumerConfig): string[] {
  if (filter_subjects && filter_subjects.length > 0) return filter_subjects;
  return filter_subject === undefined ? [] : [filter_subject];
}
