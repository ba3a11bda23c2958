import type { Provision } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import type { Bucket } from '../contract/bucket';
import { managerOf } from '../nats/manager';
import { kvOptions } from './kv-options';

/** Sees to it that a bucket is there. What is there already is left as it is. */
export async function ensureBucket(connection: Connection, bucket: Bucket, provision: Provision): Promise<void> {
  if (provision === 'off') return;
  if (provision === 'ensure') {
    const { Kvm } = await import('@nats-io/kv');
    await new Kvm(connection as never).create(bucket.name, kvOptions(bucket.options));
    return;
  }
  const { streams } = await managerOf(connection);
  await streams.info(`KV_${bucket.name}`).catch((cause: unknown) => {
    throw new Error(`bucket "${bucket.name}" does not exist; create it, or start with { provision: "ensure" }`, {
      cause,
    });
  });
}
