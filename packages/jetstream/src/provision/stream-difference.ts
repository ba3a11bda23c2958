import type { StreamConfig } from '@nats-io/jetstream';
import { millisecondsOf, subjectCovers, type Duration } from '@natsmith/protocol';
import type { EventStream } from '../contract/event-stream';
import { scheduleSubject } from './schedules';
import { takesSchedules, type Abilities } from './stream-config';
import { nanosecondsOf, writtenDuration } from './written';

/**
 * What becomes of a difference: `create` (the stream is missing), `update`, `shrink` (only when it is asked for, since it
 * deletes messages, copies or subjects), `fixed` (the server cannot change it in place), `add` (what natsmith would like
 * and no contract asks for).
 */
export type DifferenceKind = 'create' | 'update' | 'shrink' | 'fixed' | 'add';

/** One field of a stream that is not as its contract says. */
export interface StreamDifference {
  readonly stream: string;
  /** As in `eventStream()`; `stream` where it is missing, `schedules` and `ttl` for what `at` and `ttl` need. */
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

/**
 * Compares a stream of the server with its contract, field by field. What the contract leaves out is the server's own
 * business: limits that somebody has set stay.
 */
export function compareStream(stream: EventStream, found: StreamConfig, abilities: Abilities): Change[] {
  const { options } = stream;
  const change = (
    field: string,
    [wanted, has]: readonly [string, string],
    kind: DifferenceKind,
    config: Partial<StreamConfig>,
  ): Change[] => (wanted === has ? [] : [{ stream: stream.name, field, wanted, found: has, kind, config }]);
  const limit = (
    field: string,
    wanted: number | undefined,
    has: number,
    key: keyof StreamConfig,
    write: (value: number) => string = String,
  ): Change[] => {
    if (wanted === undefined) return [];
    const isUnlimited = has <= 0;
    const kind = isUnlimited || wanted < has ? 'shrink' : 'update';
    return change(field, [write(wanted), isUnlimited ? 'unlimited' : write(has)], kind, { [key]: wanted });
  };
  const duration = (value: Duration | undefined): number | undefined =>
    value === undefined ? undefined : nanosecondsOf(millisecondsOf(value));
  const { retention, storage, discard = found.discard, replicas } = options;
  return [
    ...copies(stream.name, found),
    ...compareSubjects(stream, found),
    ...change('retention', [retention ?? found.retention, found.retention], retentionChange(retention, found), {
      retention,
    }),
    ...change('storage', [storage ?? found.storage, found.storage], 'fixed', {}),
    ...change('discard', [discard, found.discard], 'update', { discard }),
    ...limit('maxAge', duration(options.maxAge), found.max_age, 'max_age', writtenDuration),
    ...limit('maxBytes', options.maxBytes, found.max_bytes, 'max_bytes'),
    ...limit('maxMessages', options.maxMessages, found.max_msgs, 'max_msgs'),
    ...limit('replicas', replicas, found.num_replicas, 'num_replicas'),
    ...limit(
      'duplicateWindow',
      duration(options.duplicateWindow),
      found.duplicate_window,
      'duplicate_window',
      writtenDuration,
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
