import { millisecondsOf } from '@natsmith/protocol';
import type { KvOptions } from '@nats-io/kv';
import type { BucketOptions } from '../contract/bucket';

/** What `@nats-io/kv` calls the options of a bucket. */
export function kvOptions(options: BucketOptions): Partial<KvOptions> {
  const { description, history, maxAge, maxBytes, maxValueSize, storage, replicas } = options;
  return {
    ...(description !== undefined && { description }),
    ...(history !== undefined && { history }),
    ...(maxAge !== undefined && { ttl: millisecondsOf(maxAge) }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxValueSize !== undefined && { maxValueSize }),
    ...(storage !== undefined && { storage }),
    ...(replicas !== undefined && { replicas }),
  };
}
