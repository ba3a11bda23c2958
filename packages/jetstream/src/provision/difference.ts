import type { StreamConfig } from '@nats-io/jetstream';

/**
 * What becomes of a difference: `create` (the stream is missing), `update`, `shrink` (only when it is asked for, since it
 * deletes messages, copies or subjects), `fixed` (the server cannot change it in place), `add` (what natsmith would like
 * and no contract asks for).
 */
export type DifferenceKind = 'create' | 'update' | 'shrink' | 'fixed' | 'add';

/** One field of a stream, or of a consumer or schedule in it, that is not as it is declared. */
export interface StreamDifference {
  /** Its name on the server: `KV_config` for the bucket `config`. */
  readonly stream: string;
  /** The durable name, for a difference of a consumer. */
  readonly consumer?: string;
  /**
   * As in `eventStream()` or `bucket()`; `stream` where it is missing, `schedules` and `ttl` for what `at` and `ttl` need.
   * Of a consumer by the server's name, or `consumer` where it is missing or nobody's; `schedule` for a schedule.
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
