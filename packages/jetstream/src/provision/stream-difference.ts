import type { StreamConfig } from '@nats-io/jetstream';
import { subjectCovers } from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import type { Change, DifferenceKind } from './difference';
import { Comparison } from './comparison';
import { scheduleSubject } from './schedules';
import { takesSchedules, type Abilities } from './stream-config';
import { durationOf, writtenNanoseconds } from '../nats/duration';

/**
 * Compares a stream of the server with its contract, field by field. What the contract leaves out is the server's own
 * business: limits that somebody has set stay.
 */
export function compareStream(stream: EventStream, found: StreamConfig, abilities: Abilities): Change[] {
  const { options } = stream;
  const one = new Comparison(stream.name);
  const { retention, storage, discard = found.discard, replicas } = options;
  return [
    ...copies(stream.name, found),
    ...compareSubjects(stream, found),
    ...one.field('retention', [retention ?? found.retention, found.retention], retentionChange(retention, found), {
      retention,
    }),
    ...one.field('storage', [storage ?? found.storage, found.storage], 'fixed', {}),
    ...one.field('discard', [discard, found.discard], 'update', { discard }),
    ...one.limit('maxAge', durationOf(options.maxAge), found.max_age, 'max_age', writtenNanoseconds),
    ...one.limit('maxBytes', options.maxBytes, found.max_bytes, 'max_bytes'),
    ...one.limit('maxMessages', options.maxMessages, found.max_msgs, 'max_msgs'),
    ...one.limit('replicas', replicas, found.num_replicas, 'num_replicas'),
    ...one.limit(
      'duplicateWindow',
      durationOf(options.duplicateWindow),
      found.duplicate_window,
      'duplicate_window',
      writtenNanoseconds,
    ),
    ...additions(stream.name, { ...found, ...(options.discard !== undefined && { discard }) }, abilities),
  ];
}

function copies(stream: string, { mirror, sources }: StreamConfig): Change[] {
  const found = mirror !== undefined ? `a mirror of ${mirror.name}` : (sources?.length ?? 0) > 0 ? 'a copy' : undefined;
  if (found === undefined) return [];
  return [{ stream, field: 'subjects', wanted: 'a stream of its own', found, kind: 'fixed', config: {} }];
}

function retentionChange(wanted: string | undefined, { retention }: StreamConfig): DifferenceKind {
  if (wanted === 'workqueue' || retention === 'workqueue') return 'fixed';
  return wanted === 'interest' ? 'shrink' : 'update';
}

function compareSubjects(stream: EventStream, { subjects = [] }: StreamConfig): Change[] {
  const schedules = `${scheduleSubject(stream.name)}.>`;
  const found = subjects.filter((one) => one !== schedules);
  const missing = stream.subjects.filter((one) => !subjects.some((other) => subjectCovers(other, one)));
  const extra = found.filter((one) => !stream.subjects.some((own) => subjectCovers(own, one)));
  const difference = { stream: stream.name, field: 'subjects', wanted: stream.subjects.join(', ') };
  const changes: Change[] = [];
  if (missing.length > 0) {
    const kept = subjects.filter((one) => !missing.some((wider) => subjectCovers(wider, one)));
    const config = { subjects: [...kept, ...missing] };
    changes.push({ ...difference, found: found.join(', '), kind: 'update', config });
  }
  if (extra.length > 0) {
    const config = { subjects: [...stream.subjects, ...subjects.filter((one) => one === schedules)] };
    changes.push({ ...difference, found: `also ${extra.join(', ')}`, kind: 'shrink', config });
  }
  return changes;
}

/** What publishing with `ttl` and `at` needs. */
function additions(stream: string, found: StreamConfig, { ttl, schedules }: Abilities): Change[] {
  if (found.mirror !== undefined) return [];
  const own = `${scheduleSubject(stream)}.>`;
  const { allow_msg_ttl: hasTtl, allow_msg_schedules: hasSchedules } = found as {
    allow_msg_ttl?: boolean;
    allow_msg_schedules?: boolean;
  };
  const subjects = found.subjects ?? [];
  const hasSubject = subjects.some((one) => subjectCovers(one, own));
  const config = { allow_msg_schedules: true, ...(!hasSubject && { subjects: [...subjects, own] }) };
  const difference = { stream, kind: 'add' as const };
  return [
    ...(ttl && hasTtl !== true
      ? [{ ...difference, field: 'ttl', wanted: 'allowed', found: 'not allowed', config: { allow_msg_ttl: true } }]
      : []),
    ...(schedules && takesSchedules(found) && !(hasSchedules === true && hasSubject)
      ? [{ ...difference, field: 'schedules', wanted: own, found: 'not allowed', config }]
      : []),
  ];
}
