import type { StreamConfig } from '@nats-io/jetstream';

/**
 * What becomes of a difference: `create` (the stream is missing), `update`, `shrink` (only when it is asked for, since it
 * deletes messages, copies or subjects), `fixed` (the server cannot change it in place), `add` (what natsmith would like
 * and no contract asks for).
 */
export type DifferenceKind = 'create' | 'update' | 'shrink' | 'fixed' | 'add';

/** One field of a stream that is not as its contract says. */
export interface StreamDifference {
  /** Its name on the server: `KV_config` for the bucket `config`. */
  readonly stream: string;
  /**
   * As in `eventStream()` or `bucket()`; `stream` where it is missing, `schedules` and `ttl` for what `at` and `ttl` need.
   */
  readonly field: string;
  /** What the contract says. */
  readonly wanted: string;
  /** What the server has. */
  readonly found: string;
  readonly kind: DifferenceKind;
}

/** A difference, with what takes it away. */
export interface Change extends StreamDifference {
  readonly config: Partial<StreamConfig>;
}
