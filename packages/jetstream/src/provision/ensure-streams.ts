import type { Provision } from '@natsmith/core';
import { aBoolean, checkOptions, oneOf, shown, type Connection, type OptionRules } from '@natsmith/protocol';
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
  checkOptions(options, ENSURE_OPTIONS, 'ensureStreams()');
  const { provision = 'ensure', prune } = options;
  return provisionStreams(declared(streams, 'ensureStreams()'), { connection, provision, prune });
}

/** Compares streams and buckets with what the server has, field by field; nothing is changed. */
export async function diffStreams(
  connection: Connection,
  streams: readonly (EventStream | Bucket)[],
): Promise<StreamDifference[]> {
  return differencesOf(connection, declared(streams, 'diffStreams()'));
}

/** @throws TypeError for what is not a stream or bucket, such as one of a circular import */
function declared(
  contracts: readonly (EventStream | Bucket | undefined)[],
  where: string,
): readonly (EventStream | Bucket)[] {
  for (const one of contracts)
    if (typeof one !== 'object' || !('name' in one))
      throw new TypeError(
        `${where} was given ${shown(one)} in the place of a stream or bucket; is one used before its declaration, or in a ` +
          'circular import?',
      );
  return contracts as readonly (EventStream | Bucket)[];
}
