import type { Provision } from '@natsmith/core';
import type { Connection } from '@natsmith/protocol';
import type { Bucket } from '../contract/bucket';
import type { EventStream } from '../contract/event-stream';
import { differencesOf, provisionStreams, type StreamReport } from './provision-streams';
import type { StreamDifference } from './difference';

/** How far `ensureStreams` goes. */
export interface EnsureStreamsOptions {
  /** `ensure` (default) creates and updates, `verify` only compares, `off` does nothing. */
  readonly provision?: Provision;
  /** Also lowers limits and removes subjects, which may delete messages. Streams are never deleted. Default false. */
  readonly prune?: boolean;
}

/**
 * Creates the streams and buckets that are missing, and updates those that are not as their contracts say, for programs that are no
 * service. It never deletes, and shrinks only with `prune`. Without the right to change them, it compares them.
 *
 * ```ts
 * await ensureStreams(connection, [Orders, Config]);
 * ```
 * @throws ProvisionError that names each difference that cannot be taken away, and the way out
 */
export function ensureStreams(
  connection: Connection,
  streams: readonly (EventStream | Bucket)[],
  { provision = 'ensure', prune }: EnsureStreamsOptions = {},
): Promise<StreamReport[]> {
  return provisionStreams(streams, { connection, provision, prune });
}

/** Compares streams and buckets with what the server has, field by field; nothing is changed. */
export function diffStreams(
  connection: Connection,
  streams: readonly (EventStream | Bucket)[],
): Promise<StreamDifference[]> {
  return differencesOf(connection, streams);
}
