import type { Provision } from '@natsmith/core';
import { aBoolean, checkConnection, checkOptions, oneOf, type Connection, type OptionRules } from '@natsmith/protocol';
import type { Bucket } from '../contract/bucket';
import type { EventStream } from '../contract/event-stream';
import { checkContracts } from './contracts';
import { differencesOf, provisionStreams, type StreamReport } from './provision-streams';
import type { StreamDifference } from './difference';

/** How far `ensureStreams` goes. */
export interface EnsureStreamsOptions {
  /** `ensure` (default) creates and updates, `verify` only compares, `off` does nothing. */
  readonly provision?: Provision;
  /** Also lowers limits and removes subjects, which may delete messages. Streams are never deleted. Default false. */
  readonly prune?: boolean;
}

const ENSURE_OPTIONS: OptionRules<EnsureStreamsOptions> = {
  provision: oneOf('ensure', 'verify', 'off'),
  prune: aBoolean,
};

/**
 * Creates the streams and buckets that are missing, and updates those that are not as their contracts say, for programs that are no
 * service. It never deletes, and shrinks only with `prune`. Without the right to change them, it compares them.
 *
 * ```ts
 * await ensureStreams(connection, [Orders, Config]);
 * ```
 * @throws ProvisionError that names each difference that cannot be taken away, and the way out
 */
// Async, so that mistakes in the arguments reject, too.
export async function ensureStreams(
  connection: Connection,
  streams: readonly (EventStream | Bucket)[],
  options: EnsureStreamsOptions = {},
): Promise<StreamReport[]> {
  checkConnection(connection, 'ensureStreams()');
  checkContracts(streams, 'ensureStreams()');
  checkOptions(options, ENSURE_OPTIONS, 'ensureStreams()');
  const { provision = 'ensure', prune } = options;
  return provisionStreams(streams, { connection, provision, prune });
}

/** Compares streams and buckets with what the server has, field by field; nothing is changed. */
export async function diffStreams(
  connection: Connection,
  streams: readonly (EventStream | Bucket)[],
): Promise<StreamDifference[]> {
  checkConnection(connection, 'diffStreams()');
  checkContracts(streams, 'diffStreams()');
  return differencesOf(connection, streams);
}
