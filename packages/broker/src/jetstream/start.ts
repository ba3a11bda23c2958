import type { ConsumerConfig } from './consumer-config';
import type { MessageLog } from './message-log';
import type { StreamConfig } from './stream-config';
import type { SubjectFilter } from './subject-filter';

/** Where a consumer begins: a sequence, and for the last of each subject those that come first. */
export function startOf(
  { log, config: { max_msgs_per_subject } }: { readonly log: MessageLog; readonly config: StreamConfig },
  { deliver_policy: policy, opt_start_seq, opt_start_time }: ConsumerConfig,
  filter: SubjectFilter,
): { sequence: number; lasts: number[] } {
  const first = Math.max(1, log.firstSequence);
  if (policy === 'by_start_sequence') return { sequence: Math.max(first, opt_start_seq ?? 1), lasts: [] };
  const within = (sequence: number): { sequence: number; lasts: number[] } => ({
    sequence: Math.min(Math.max(first, sequence), log.lastSequence + 1),
    lasts: [],
  });
  switch (policy) {
    case 'all':
      return within(first);
    case 'last':
      return within(log.last(filter)?.sequence ?? log.lastSequence + 1);
    case 'new':
      return within(log.lastSequence + 1);
    case 'by_start_time':
      return within(log.firstSince(opt_start_time ?? 0)?.sequence ?? log.lastSequence + 1);
    case 'last_per_subject': {
      if (max_msgs_per_subject === 1) return within(first);
      const lasts = log.lastOfEach(filter).map(({ sequence }) => sequence);
      return { ...within(lasts[0] ?? log.lastSequence + 1), lasts };
    }
  }
}
