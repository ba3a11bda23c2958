import type { StreamDifference } from './difference';

/** Streams, buckets, consumers or schedules are not as the contracts say, and cannot be made so: every difference is listed. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';

  constructor(
    /** One sentence for each problem. */
    readonly problems: readonly string[],
    readonly differences: readonly StreamDifference[] = [],
    options?: ErrorOptions,
  ) {
    super(
      problems.length === 1 ? problems[0] : `${problems.length} problems with streams:\n- ${problems.join('\n- ')}`,
      options,
    );
  }
}
