import type { StreamConfig } from '@nats-io/jetstream';
import type { Bucket } from '../contract/bucket';
import { Comparison } from '../provision/comparison';
import { MADE_BY } from '../provision/stream-config';
import type { Change } from '../provision/difference';
import type { WantedStream } from '../provision/wanted-stream';
import { durationOf, writtenNanoseconds } from '../nats/duration';

/** The stream that keeps a bucket, as the clients of NATS make it (ADR-8). */
export function wantedOfBucket(bucket: Bucket): WantedStream {
  return {
    name: `KV_${bucket.name}`,
    noun: 'bucket',
    subjects: [`$KV.${bucket.name}.>`],
    config: () => configOf(bucket),
    compare: (found) => compareBucket(bucket, found),
  };
}

/** Nanoseconds; the server's own default. */
const DUPLICATE_WINDOW = 120_000_000_000;

function configOf({ name, options }: Bucket): Partial<StreamConfig> & { name: string } {
  const { description, history = 1, maxBytes, maxValueSize, storage = 'file', replicas } = options;
  const maxAge = durationOf(options.maxAge);
  return {
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    retention: 'limits',
    discard: 'new',
    storage,
    max_msgs_per_subject: history,
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
    duplicate_window: Math.min(maxAge ?? DUPLICATE_WINDOW, DUPLICATE_WINDOW),
    metadata: { ...MADE_BY },
    ...(description !== undefined && { description }),
    ...(maxAge !== undefined && { max_age: maxAge }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxValueSize !== undefined && { max_msg_size: maxValueSize }),
    ...(replicas !== undefined && { num_replicas: replicas }),
  };
}

/** Field by field; what the contract leaves out is the server's own business. */
function compareBucket({ name, options }: Bucket, found: StreamConfig): Change[] {
  // A copy of a bucket elsewhere is as its origin is.
  if (found.mirror !== undefined) return [];
  const one = new Comparison(`KV_${name}`);
  const subject = `$KV.${name}.>`;
  const { description = found.description ?? '', storage = found.storage, maxValueSize } = options;
  const hasSubject = found.subjects?.includes(subject) === true;
  const largest = found.max_msg_size > 0 ? String(found.max_msg_size) : 'unlimited';
  return [
    ...one.field('subjects', [subject, hasSubject ? subject : (found.subjects ?? []).join(', ')], 'fixed', {}),
    ...one.field('description', [description, found.description ?? ''], 'update', { description }),
    ...one.field('storage', [storage, found.storage], 'fixed', {}),
    ...one.limit('history', options.history, found.max_msgs_per_subject, 'max_msgs_per_subject'),
    ...one.limit('maxAge', durationOf(options.maxAge), found.max_age, 'max_age', writtenNanoseconds),
    ...one.limit('maxBytes', options.maxBytes, found.max_bytes, 'max_bytes'),
    ...one.field('maxValueSize', [maxValueSize === undefined ? largest : String(maxValueSize), largest], 'update', {
      max_msg_size: maxValueSize,
    }),
    ...one.limit('replicas', options.replicas, found.num_replicas, 'num_replicas'),
    ...one.field('purge', ['allowed', found.allow_rollup_hdrs ? 'allowed' : 'not allowed'], 'update', {
      allow_rollup_hdrs: true,
    }),
  ];
}
