import type { StreamConfig } from '@nats-io/jetstream';
import type { Change } from './difference';
import type { Abilities } from './stream-config';

/** A stream as a contract wants it: one of events, or that of a bucket. */
export interface WantedStream {
  /** On the server. */
  readonly name: string;
  readonly noun: 'stream' | 'bucket';
  readonly subjects: readonly string[];
  /** What it is created with. */
  config(abilities: Abilities): Partial<StreamConfig> & { name: string };
  /** What of the server's is not as it is wanted. */
  compare(found: StreamConfig, abilities: Abilities): Change[];
}
